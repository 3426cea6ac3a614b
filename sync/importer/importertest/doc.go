// Package importertest checks implementations of importer.Sink: that position
// and fence move with the data or not at all, and that changes apply by the
// version rule whatever order they come in.
package importertest
