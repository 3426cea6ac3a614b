package orglink_test

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/orglink/orglink"
)

func key(id uint32, b byte) orglink.Key {
	return orglink.Key{ID: id, Bytes: bytes.Repeat([]byte{b}, 32)}
}

func ring(t *testing.T, keys ...orglink.Key) *orglink.KeyRing {
	t.Helper()
	r, err := orglink.NewKeyRing(keys...)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestSealedValueOpensOnlyWithItsKeyAndBinding(t *testing.T) {
	old := ring(t, key(1, 'a'))
	sealed, err := old.Seal([]byte("refresh"), []byte("tenant-1|grant"))
	if err != nil {
		t.Fatal(err)
	}
	rotated := ring(t, key(2, 'b'), key(1, 'a'))
	if plain, err := rotated.Open(sealed, []byte("tenant-1|grant")); err != nil || string(plain) != "refresh" {
		t.Errorf("a ring that still has the key: %q, %v", plain, err)
	}
	for name, open := range map[string]func() ([]byte, error){
		"another binding": func() ([]byte, error) { return old.Open(sealed, []byte("tenant-2|grant")) },
		"key dropped":     func() ([]byte, error) { return ring(t, key(2, 'b')).Open(sealed, []byte("tenant-1|grant")) },
		"other bytes":     func() ([]byte, error) { return ring(t, key(1, 'x')).Open(sealed, []byte("tenant-1|grant")) },
		"cut":             func() ([]byte, error) { return old.Open(sealed[:len(sealed)-1], []byte("tenant-1|grant")) },
		"empty":           func() ([]byte, error) { return old.Open(nil, []byte("tenant-1|grant")) },
	} {
		if plain, err := open(); !errors.Is(err, orglink.ErrSealed) {
			t.Errorf("%s: opened as %q, error %v", name, plain, err)
		}
	}
	again, err := old.Seal([]byte("refresh"), []byte("tenant-1|grant"))
	if err != nil || bytes.Equal(again, sealed) {
		t.Errorf("two seals of one value are the same bytes (%v)", err)
	}
}

func TestKeyRingRefusesBadKeys(t *testing.T) {
	for name, keys := range map[string][]orglink.Key{
		"none":     nil,
		"short":    {{ID: 1, Bytes: []byte("short")}},
		"repeated": {key(1, 'a'), key(1, 'b')},
	} {
		if _, err := orglink.NewKeyRing(keys...); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestKeysDoNotShowThemselves(t *testing.T) {
	k := orglink.Key{ID: 7, Bytes: []byte("0123456789abcdefghijklmnopqrstuv")}
	r := ring(t, k)
	var logged bytes.Buffer
	slog.New(slog.NewTextHandler(&logged, nil)).Info("keys", "key", k, "keys", []orglink.Key{k}, "ring", r)
	text := logged.String() + fmt.Sprintf("%v %+v %#v %s %x %d %v %+v %#v", k, k, k, k, k, k, []orglink.Key{k}, struct{ K *orglink.Key }{&k}, r)
	for _, secret := range []string{"0123", "30313233", "48 49 50", "0x30, 0x31"} {
		if strings.Contains(text, secret) {
			t.Errorf("the key was printed as %s", text)
		}
	}
	if !strings.Contains(fmt.Sprint(r), "7") {
		t.Errorf("the ring does not tell its keys: %v", r)
	}
}
