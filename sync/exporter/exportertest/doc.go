// Package exportertest holds an exporter.Outbox to its promises. A host that
// brings an outbox of its own runs
//
//	func TestMyOutbox(t *testing.T) {
//		exportertest.TestOutbox(t, func(t *testing.T) exportertest.Subject {
//			mine := openEmpty(t)
//			return exportertest.Subject{Outbox: mine, Add: mine.Add}
//		})
//	}
package exportertest
