// Package integrationtest holds the suite that every integration.Store must
// pass. A host runs it on a store of its own:
//
//	func TestMyStore(t *testing.T) {
//		integrationtest.TestStore(t, func(t *testing.T) integration.Store { return newMyStore(t) })
//	}
package integrationtest
