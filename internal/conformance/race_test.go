//go:build race

package conformance

// underRace tells that the race detector makes everything many times slower.
const underRace = true
