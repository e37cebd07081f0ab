// Package golden makes the golden gob vectors: streams that Go's encoder
// wrote, each with the truth of what is in it.
//
// Go numbers types per process in the order of first use, so each vector is
// made in a process of its own; a program that calls Make or All must call
// ChildMain first thing in main.
package golden

import (
	"bytes"
	"encoding/gob"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"reflect"

	"pgwatchrpc/interop/internal/tagged"
	"pgwatchrpc/interop/internal/wire"
)

// Case is one vector.
type Case struct {
	Name  string
	About string
	write func(*stream)
}

// Vector is a finished case.
type Vector struct {
	Gob   []byte
	Truth []byte // JSON
}

// stream collects what a case writes, and what of it is expected to be read.
type stream struct {
	buf  bytes.Buffer
	enc  *gob.Encoder
	want []any          // truth worked out from the Go values
	into []reflect.Type // what Go decodes each value into
	// noGo marks values that Go's encoder cannot write and its decoder only skip.
	noGo bool
	// misread marks values that Go's decoder takes for others.
	misread bool
}

// put encodes values, each a value of its own in the stream. A pointer to an
// interface variable is sent as an interface.
func (s *stream) put(values ...any) {
	for _, v := range values {
		if err := s.enc.Encode(v); err != nil {
			panic(fmt.Errorf("%T: %w", v, err))
		}
		s.expect(v)
	}
}

// expect notes what a reader finds at this place of the stream.
func (s *stream) expect(v any) {
	t := reflect.TypeOf(v)
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	s.into = append(s.into, t)
	s.want = append(s.want, tagged.OfGo(v))
}

// lose encodes a value that gob cannot: what stays behind in the stream is at
// most type definitions.
func (s *stream) lose(v any) {
	if err := s.enc.Encode(v); err == nil {
		panic(fmt.Errorf("%T: can be encoded", v))
	}
}

func (c Case) make() (v Vector, err error) {
	var s stream
	s.enc = gob.NewEncoder(&s.buf)
	c.write(&s)
	if v.Gob, err = wire.Canonical(s.buf.Bytes()); err != nil {
		return v, err
	}
	entries, err := wire.Read(v.Gob)
	if err != nil {
		return v, err
	}
	if !s.noGo {
		if err := s.check(v.Gob, entries); err != nil {
			return v, err
		}
	}
	v.Truth = tagged.MarshalEntries(entries)
	return v, nil
}

// check holds the truth read from the bytes against the Go values that were
// written, and against what Go's own decoder makes of the bytes.
func (s *stream) check(stream []byte, entries []tagged.Entry) error {
	if len(entries) != len(s.want) {
		return fmt.Errorf("values: %d (expected: %d)", len(entries), len(s.want))
	}
	dec := gob.NewDecoder(bytes.NewReader(stream))
	for i, e := range entries {
		if !tagged.Same(e.Value, s.want[i]) {
			return fmt.Errorf("value %d on the wire: %s, written: %s", i, tagged.Marshal(e.Value), tagged.Marshal(s.want[i]))
		}
		into := reflect.New(s.into[i])
		if err := dec.DecodeValue(into); err != nil {
			return fmt.Errorf("value %d: Go cannot decode it: %w", i, err)
		}
		if got := tagged.OfGo(into.Interface()); !s.misread && !tagged.Same(got, s.want[i]) {
			return fmt.Errorf("value %d decoded by Go: %s, written: %s", i, tagged.Marshal(got), tagged.Marshal(s.want[i]))
		}
	}
	return nil
}

const childVariable = "PGWATCHRPC_VECTOR"

// ChildMain makes one vector and exits, in a process that Make started;
// otherwise it does nothing.
func ChildMain() {
	name := os.Getenv(childVariable)
	if name == "" {
		return
	}
	for _, c := range Cases() {
		if c.Name == name {
			v, err := c.make()
			if err == nil {
				err = json.NewEncoder(os.Stdout).Encode(v)
			}
			if err != nil {
				fmt.Fprintln(os.Stderr, err)
				os.Exit(1)
			}
			os.Exit(0)
		}
	}
	fmt.Fprintln(os.Stderr, "no such vector")
	os.Exit(1)
}

// Make runs a case in a process of its own.
func (c Case) Make() (v Vector, err error) {
	self, err := os.Executable()
	if err != nil {
		return v, err
	}
	cmd := exec.Command(self)
	// Types that need a time zone get a fixed one.
	cmd.Env = append(os.Environ(), childVariable+"="+c.Name, "TZ=UTC")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return v, errors.New(c.Name + ": " + stderr.String())
	}
	return v, json.Unmarshal(out, &v)
}
