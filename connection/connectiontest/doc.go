// Package connectiontest checks implementations of connection.Store and
// connection.TokenStore. A host that brings its own runs
//
//	func TestMyStore(t *testing.T) {
//		connectiontest.TestStore(t, func(t *testing.T) connection.Store { return newMyStore(t) })
//		connectiontest.TestTokenStore(t, func(t *testing.T) connection.TokenStore { return newMyTokens(t) })
//	}
//
// Each check gets an empty store. The library's own tests run every check
// against stores that are broken on purpose.
package connectiontest
