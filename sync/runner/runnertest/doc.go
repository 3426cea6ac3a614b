// Package runnertest checks implementations of runner.LeaseStore.
package runnertest
