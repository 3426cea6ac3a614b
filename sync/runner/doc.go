// Package runner runs jobs in one process or many: each job's steps under a
// lease that only one process holds, so that two never work on one thing at
// once, and with a fence, a number that grows with every change of hands and
// stops a worker that was away too long from committing.
//
//	r, err := runner.New(runner.Config{Leases: runner.NewMemoryStore()})
//	err = r.RunDue(ctx, jobs...)  // until nothing is due, for tests and commands
//	err = r.Run(ctx, source)      // for ever, for servers
//
// A [Job] is anything with a key and a bounded, repeatable step. Importer,
// exporter and others provide jobs; any other scheduler may run them instead,
// as long as it hands out growing fences.
//
// Leases live in a [LeaseStore]: [MemoryStore] for one process, [SQLStore] for
// many. A store of a host's own is checked by package runnertest.
package runner
