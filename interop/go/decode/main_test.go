package main

import (
	"bytes"
	"encoding/gob"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgwatchrpc/interop/internal/kinds"
	"pgwatchrpc/interop/internal/tagged"
)

const vectors = "../../../rpc-core/src/test/resources/gob"

// Decoding a golden vector prints its truth.
func TestDecodeGoldenVectors(t *testing.T) {
	for name, as := range map[string]string{
		"struct-kitchen-sink": "kitchen-sink", "struct-point": "point", "struct-versions": "account-v1,account-v2",
		"struct-skipping": "skipping", "interface-struct-top": "any", "interface-basic": "any", "interface-interface": "holder",
		"pgwatch-v3.0-envelope": "envelope-v3.0", "pgwatch-v3.5-sync": "sync-v3.5", "pgwatch-v3.7-connection": "wire",
		"rpc-calls": "wire", "time-in-struct": "times", "opaque-struct": "opaques", "int-borders": "int", "uint-borders": "uint",
		"map-recursive": "menu", "slice-recursive": "nested", "crafted-long-integers": "int,string", "struct-mutual": "parent",
	} {
		stream, err := os.ReadFile(filepath.Join(vectors, name+".gob"))
		if err != nil {
			t.Fatal(err)
		}
		truth, err := os.ReadFile(filepath.Join(vectors, name+".json"))
		if err != nil {
			t.Fatal(err)
		}
		entries, err := decode(stream, strings.Split(as, ","))
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if got := tagged.MarshalEntries(entries); !bytes.Equal(got, truth) {
			t.Errorf("%s: got %s, want %s", name, got, truth)
		}
	}
}

func TestDecodeShowsWhatGoKnows(t *testing.T) {
	var b bytes.Buffer
	if err := gob.NewEncoder(&b).Encode(struct{ X, Unknown int }{1, 2}); err != nil {
		t.Fatal(err)
	}
	entries, err := decode(b.Bytes(), []string{"point"})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := entries[0].Value, tagged.OfGo(kinds.Point{X: 1}); !tagged.Same(got, want) {
		t.Errorf("got %s, want %s", tagged.Marshal(got), tagged.Marshal(want))
	}
}

func TestDecodeRefuses(t *testing.T) {
	for _, c := range []struct{ stream, as, want string }{
		{"\x03\x04\x00\x0a", "string", "value 0 as string: gob: decoding into local type *string, received remote type int"},
		{"\x03\x04\x00\x0a\x03\x04\x00", "int", "value 1 as int: unexpected EOF"},
		{"\x04\x04\x00\x0a\x00", "int", "read by Go, but not well-formed: value 0, offset 4: left over in message: 1 bytes"},
		{"\x03\x04\x00\x0a", "nothing", `unknown type: "nothing"`},
	} {
		if _, err := decode([]byte(c.stream), []string{c.as}); err == nil || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%q as %s: %v (expected: %s)", c.stream, c.as, err, c.want)
		}
	}
}
