// Package demo fills a fake org: Empty with what every new org has (the
// organization row, profiles, one administrator), Load with data that looks
// like a real CRM's, odd rows included. The same seed and clock give the same
// rows and ids.
package demo
