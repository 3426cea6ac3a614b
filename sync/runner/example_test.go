package runner_test

import (
	"context"
	"fmt"
	"time"

	"github.com/orglink/orglink/sync/runner"
)

// greet is a job that is done after two steps and due again in an hour.
type greet struct{ left int }

func (g *greet) Key() string { return "greet" }

func (g *greet) Step(_ context.Context, fence uint64) (time.Time, error) {
	fmt.Println("hello with fence", fence)
	if g.left--; g.left > 0 {
		return time.Time{}, nil // more to do at once
	}
	return time.Now().Add(time.Hour), nil
}

func ExampleRunner_RunDue() {
	r, err := runner.New(runner.Config{Leases: runner.NewMemoryStore()})
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := r.RunDue(context.Background(), &greet{left: 2}); err != nil {
		fmt.Println(err)
	}
	// Output:
	// hello with fence 1
	// hello with fence 1
}
