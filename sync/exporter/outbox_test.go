package exporter_test

import (
	"testing"

	"github.com/orglink/orglink/sync/exporter"
	"github.com/orglink/orglink/sync/exporter/exportertest"
)

func openMemory() exportertest.Subject {
	m := exporter.NewMemory()
	return exportertest.Subject{Outbox: m, Add: m.Add}
}

func TestMemory(t *testing.T) {
	exportertest.TestOutbox(t, func(*testing.T) exportertest.Subject { return openMemory() })
}

func BenchmarkMemory(b *testing.B) {
	exportertest.BenchmarkOutbox(b, func(*testing.B) exportertest.Subject { return openMemory() })
}
