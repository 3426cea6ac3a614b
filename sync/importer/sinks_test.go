package importer_test

import (
	"context"

	"github.com/orglink/orglink/sync/importer"
)

// checkPartials counts partial changes that name what they do not carry.
type checkPartials struct{ *partials }

func (c checkPartials) Apply(ctx context.Context, b importer.Batch) error {
	for _, change := range b.Changes {
		for _, f := range change.Fields {
			if _, ok := change.Record.Value(f); !ok {
				c.bad.Add(1)
			}
		}
	}
	return c.partials.Sink.Apply(ctx, b)
}

// biggest remembers the size of the biggest batch.
type biggest struct {
	importer.Sink
	n int
}

func (s *biggest) Apply(ctx context.Context, b importer.Batch) error {
	s.n = max(s.n, len(b.Changes))
	return s.Sink.Apply(ctx, b)
}
