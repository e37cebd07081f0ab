package golden

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestMain(m *testing.M) {
	ChildMain()
	os.Exit(m.Run())
}

// committed is where the Java tests find the vectors.
const committed = "../../../../rpc-core/src/test/resources/gob"

// The committed vectors are what this code and this Go write today.
func TestCommittedVectors(t *testing.T) {
	expected := map[string]bool{"README.md": true, ".gitattributes": true}
	for _, c := range Cases() {
		expected[c.Name+".gob"], expected[c.Name+".json"] = true, true
		v, err := c.Make()
		if err != nil {
			t.Error(err)
			continue
		}
		for name, want := range map[string][]byte{c.Name + ".gob": v.Gob, c.Name + ".json": v.Truth} {
			got, err := os.ReadFile(filepath.Join(committed, name))
			if err != nil {
				t.Error(err)
			} else if !bytes.Equal(got, want) {
				t.Errorf("%s differs: run `go run ./vectors -out %s`", name, "../../rpc-core/src/test/resources/gob")
			}
		}
	}
	files, err := os.ReadDir(committed)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if !expected[f.Name()] {
			t.Errorf("belongs to no vector: %s", f.Name())
		}
	}
}

func TestReadmeListsEveryVector(t *testing.T) {
	readme, err := os.ReadFile(filepath.Join(committed, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range Cases() {
		if line := "| `" + c.Name + "` | " + c.About + " |\n"; !strings.Contains(string(readme), line) {
			t.Errorf("missing: %s", line)
		}
	}
}

// Maps are walked at random, so a vector that is not put in order shows up
// when it is made often.
func TestVectorsAreRepeatable(t *testing.T) {
	for _, name := range []string{"map-string-string", "struct-kitchen-sink", "pgwatch-v3.0-connection", "interface-map-type"} {
		c := find(t, name)
		first, err := c.Make()
		if err != nil {
			t.Fatal(err)
		}
		for i := 0; i < 20; i++ {
			again, err := c.Make()
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(first.Gob, again.Gob) || !bytes.Equal(first.Truth, again.Truth) {
				t.Fatalf("%s differs between runs", name)
			}
		}
	}
}

func find(t *testing.T, name string) Case {
	t.Helper()
	for _, c := range Cases() {
		if c.Name == name {
			return c
		}
	}
	t.Fatalf("no vector %s", name)
	return Case{}
}
