package connection

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/orglink/orglink"
)

// Ids that nobody has leave nothing behind, and connections at rest are
// forgotten once there are many.
func TestEntriesAreBounded(t *testing.T) {
	store := NewMemoryStore()
	m, err := New(Config{Apps: []App{{ClientID: "x"}}, Store: store, Tokens: NewMemoryTokenStore(), InsecureNoSealer: true, Environment: "test", RedirectURL: "https://product.example/cb"})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 100 {
		if _, err := m.Client(t.Context(), "acme", orglink.ConnectionID(fmt.Sprint("guess-", i))); !errors.Is(err, ErrNotFound) {
			t.Fatal(err)
		}
	}
	if n := len(m.entries); n != 0 {
		t.Errorf("%d entries of connections that do not exist", n)
	}
	for i := range maxEntries {
		m.entry(entryKey{"acme", orglink.ConnectionID(fmt.Sprint(i))}).used = time.Now().Add(-2 * entryIdle)
	}
	busy := m.entry(entryKey{"acme", "0"})
	busy.call, busy.used = &refreshCall{}, time.Now().Add(-2*entryIdle)
	m.entry(entryKey{"acme", "fresh"})
	if n := len(m.entries); n != 2 || m.entries[entryKey{"acme", "0"}] != busy {
		t.Errorf("%d entries are left, want the fresh and the busy one", n)
	}
}
