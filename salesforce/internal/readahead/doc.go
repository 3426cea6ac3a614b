// Package readahead reads a stream in a goroutine of its own, some blocks ahead
// of whoever consumes it, so that the network and the decoder work at the same
// time.
package readahead
