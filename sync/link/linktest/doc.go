// Package linktest holds a link.Store to its promises. A host that keeps
// pairs in a store of its own runs
//
//	func TestMyStore(t *testing.T) {
//		linktest.TestStore(t, func(t *testing.T) link.Store { return openEmpty(t) })
//	}
package linktest
