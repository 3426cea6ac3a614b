// Package usersynctest holds a host's usersync.PairStore and
// usersync.Directory to their promises:
//
//	func TestMyPairs(t *testing.T) {
//		usersynctest.TestPairStore(t, func(t *testing.T) usersync.PairStore { return openEmpty(t) })
//	}
//
//	func TestMyDirectory(t *testing.T) {
//		usersynctest.TestDirectory(t, func(t *testing.T) usersynctest.Directory { ... })
//	}
package usersynctest
