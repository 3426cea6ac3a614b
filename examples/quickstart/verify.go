package main

import (
	"context"
	"fmt"
)

// verify compares the mirror with the org, by counting there.
func (j *job) verify(ctx context.Context) error {
	if j.people == nil && j.write {
		if _, err := j.sync(ctx); err != nil { // brings back what was exported
			return err
		}
	}
	client, err := j.Connections.Client(ctx, tenant, j.connection.ID)
	if err != nil {
		return err
	}
	for i := range j.result.Objects {
		o := &j.result.Objects[i]
		if o.Mirror, err = j.Mirror.Count(ctx, admin, j.integration.ID, o.Object); err != nil {
			return err
		}
		if o.Org, err = client.Count(ctx, "SELECT COUNT() FROM "+o.Object); err != nil {
			return err
		}
		j.result.expect("records of "+o.Object, o.Mirror, o.Org)
	}
	if j.people != nil {
		if err := j.compareChanges(ctx, "at the end"); err != nil {
			return err
		}
		if j.result.Changes, err = j.countChanges(ctx); err != nil {
			return err
		}
	}
	return nil
}

// closeRound ends the round, so that the next run begins another. One with
// wrong numbers stays open.
func (j *job) closeRound(ctx context.Context) error {
	if len(j.result.failed()) > 0 {
		return nil
	}
	if _, err := j.db.ExecContext(ctx, "UPDATE quickstart_round SET finished = TRUE WHERE round = ?", j.result.Round); err != nil {
		return fmt.Errorf("close the round: %w", err)
	}
	return nil
}
