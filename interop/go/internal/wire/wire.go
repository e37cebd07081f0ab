// Package wire reads a gob stream without encoding/gob and without knowing any
// Go type: only what the stream itself says. It is a second opinion beside
// Go's decoder, and unlike that it accepts no bytes left over.
package wire

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/bits"
	"sort"
	"strings"

	"pgwatchrpc/interop/internal/tagged"
)

// Ids of the types that every stream knows; others start at 64 (older
// versions of Go: 65).
const (
	idBool = 1 + iota
	idInt
	idUint
	idFloat
	idBytes
	idString
	idComplex
	idInterface

	firstUserID = 64
)

var builtin = map[int64]string{
	idBool: "bool", idInt: "int", idUint: "uint", idFloat: "float",
	idBytes: "bytes", idString: "string", idComplex: "complex", idInterface: "interface",
}

type kind int

// In the order of the fields of Go's wireType.
const (
	kindArray kind = iota
	kindSlice
	kindStruct
	kindMap
	kindGob
	kindBinary
	kindText
)

type field struct {
	name string
	id   int64
}

// definition is one type definition as it stands in the stream.
type definition struct {
	kind   kind
	name   string
	key    int64
	elem   int64
	length int64
	fields []field
}

// Read returns every top-level value of a stream.
func Read(stream []byte) ([]tagged.Entry, error) {
	r := &reader{data: stream, types: map[int64]*definition{}}
	return r.all()
}

// Canonical returns the stream with the entries of each map in the order of
// the JSON texts of their keys. Go walks maps at random, so this is what makes
// a stream repeatable. A map of several entries whose values define types
// cannot be reordered and is an error.
func Canonical(stream []byte) ([]byte, error) {
	r := &reader{data: append([]byte(nil), stream...), types: map[int64]*definition{}, sort: true}
	_, err := r.all()
	return r.data, err
}

// reader walks through data; pos..end is what is left of the current message.
type reader struct {
	data     []byte
	pos, end int
	types    map[int64]*definition
	sort     bool
	defined  int // type definitions so far
}

type wireError struct{ error }

func fail(format string, args ...any) { panic(wireError{fmt.Errorf(format, args...)}) }

func (r *reader) all() (entries []tagged.Entry, err error) {
	defer func() {
		if e := recover(); e != nil {
			we, ok := e.(wireError)
			if !ok {
				panic(e)
			}
			err = fmt.Errorf("value %d, offset %d: %w", len(entries), r.pos, we.error)
		}
	}()
	for r.pos < len(r.data) {
		id := r.typeSequence(false)
		value := r.top(id)
		if r.pos != r.end {
			fail("left over in message: %d bytes", r.end-r.pos)
		}
		entries = append(entries, tagged.Entry{Type: r.describe(id, map[int64]bool{}), Value: value})
	}
	return entries, nil
}

// typeSequence reads type definitions up to the id of the value that follows.
// A definition ends its message, so what follows is in the next one; that may
// happen in the middle of a value, wherever an interface holds a new type.
// Inside an interface the next message may be nested in the current one.
func (r *reader) typeSequence(inInterface bool) int64 {
	for {
		if r.pos == r.end {
			r.message()
		}
		id := r.int()
		if id >= 0 {
			return id
		}
		r.define(-id)
		if r.pos < r.end {
			if !inInterface {
				fail("left over after type definition: %d bytes", r.end-r.pos)
			}
			r.uint() // length of the nested message
		}
	}
}

func (r *reader) message() {
	if r.pos == len(r.data) {
		fail("unexpected end of stream")
	}
	r.end = len(r.data)
	n := r.uint()
	if n > uint64(len(r.data)-r.pos) {
		fail("message length: %d (left in stream: %d)", n, len(r.data)-r.pos)
	}
	r.end = r.pos + int(n)
}

func (r *reader) define(id int64) {
	if id < firstUserID {
		fail("type id: %d (expected: >= %d)", id, firstUserID)
	}
	if r.types[id] != nil {
		fail("type id defined twice: %d", id)
	}
	d := &definition{kind: -1}
	r.fields(func(i int) {
		if d.kind >= 0 || kind(i) > kindText {
			fail("type definition: field %d", i)
		}
		d.kind = kind(i)
		r.fields(func(j int) {
			if j == 0 {
				r.common(d)
				return
			}
			switch kind(i)*10 + kind(j) {
			case kindArray*10 + 1, kindSlice*10 + 1, kindMap*10 + 2:
				d.elem = r.int()
			case kindMap*10 + 1:
				d.key = r.int()
			case kindArray*10 + 2:
				d.length = r.int()
			case kindStruct*10 + 1:
				for n := r.count(); n > 0; n-- {
					d.fields = append(d.fields, r.field())
				}
			default:
				fail("type definition: field %d.%d", i, j)
			}
		})
	})
	if d.kind < 0 {
		fail("empty type definition: %d", id)
	}
	r.types[id] = d
	r.defined++
}

func (r *reader) common(d *definition) {
	r.fields(func(i int) {
		switch i {
		case 0:
			d.name = string(r.bytes())
		case 1:
			// The id again; but Go sends another one for a pointer to a type
			// with methods of its own, so only the id before the definition counts.
			r.int()
		default:
			fail("common type: field %d", i)
		}
	})
}

func (r *reader) field() (f field) {
	r.fields(func(i int) {
		switch i {
		case 0:
			f.name = string(r.bytes())
		case 1:
			f.id = r.int()
		default:
			fail("field type: field %d", i)
		}
	})
	return f
}

// fields calls f with the number of each field that is on the wire.
func (r *reader) fields(f func(int)) {
	for i := -1; ; {
		delta := r.uint()
		if delta == 0 {
			return
		}
		if delta > 1<<16 {
			fail("field delta: %d", delta)
		}
		i += int(delta)
		f(i)
	}
}

// top reads a value that is a message or the content of an interface: a struct
// as it is, anything else after a zero byte.
func (r *reader) top(id int64) any {
	if d := r.types[id]; d == nil || d.kind != kindStruct {
		if delta := r.uint(); delta != 0 {
			fail("delta before a value that is no struct: %d (expected: 0)", delta)
		}
	}
	return r.value(id)
}

func (r *reader) value(id int64) any {
	switch id {
	case idBool:
		switch b := r.uint(); b {
		case 0, 1:
			return tagged.Bool(b == 1)
		default:
			fail("bool: %d", b)
		}
	case idInt:
		return tagged.Int(r.int())
	case idUint:
		return tagged.Uint(r.uint())
	case idFloat:
		return tagged.Float(r.float())
	case idBytes:
		return tagged.Bytes(r.bytes())
	case idString:
		return tagged.String(string(r.bytes()))
	case idComplex:
		re := r.float()
		return tagged.ComplexOf(complex(re, r.float()))
	case idInterface:
		return r.iface()
	}
	d := r.types[id]
	if d == nil {
		fail("undefined type: %d", id)
	}
	switch d.kind {
	case kindArray:
		if n := r.uint(); n != uint64(d.length) {
			fail("array length: %d (expected: %d)", n, d.length)
		}
		return tagged.ListOf("array", r.elements(d.elem, int(d.length)))
	case kindSlice:
		return tagged.ListOf("slice", r.elements(d.elem, r.count()))
	case kindMap:
		return r.mapping(d)
	case kindStruct:
		var fields [][2]any
		r.fields(func(i int) {
			if i >= len(d.fields) {
				fail("field number: %d (struct %s has %d)", i, d.name, len(d.fields))
			}
			fields = append(fields, [2]any{d.fields[i].name, r.value(d.fields[i].id)})
		})
		return tagged.StructOf(d.name, fields)
	}
	data := r.bytes()
	if d.kind == kindGob && d.name == "Time" {
		return goTime(data)
	}
	return tagged.OpaqueOf(opaqueNames[d.kind], d.name, data)
}

var opaqueNames = map[kind]string{kindGob: "gob", kindBinary: "binary", kindText: "text"}

func (r *reader) elements(id int64, n int) (out []any) {
	for ; n > 0; n-- {
		out = append(out, r.value(id))
	}
	return out
}

func (r *reader) mapping(d *definition) any {
	type segment struct {
		key   string
		bytes []byte
	}
	n := r.count()
	entries := make([][2]any, 0, n)
	segments := make([]segment, 0, n)
	start, defined := r.pos, r.defined
	for ; n > 0; n-- {
		from := r.pos
		key := r.value(d.key)
		entries = append(entries, [2]any{key, r.value(d.elem)})
		segments = append(segments, segment{tagged.KeyText(key), append([]byte(nil), r.data[from:r.pos]...)})
	}
	if r.sort && len(segments) > 1 {
		if r.defined != defined {
			fail("map with several entries defines types")
		}
		sort.SliceStable(segments, func(i, j int) bool { return segments[i].key < segments[j].key })
		for _, s := range segments {
			start += copy(r.data[start:], s.bytes)
		}
	}
	return tagged.MapOf(entries)
}

func (r *reader) iface() any {
	name := string(r.bytes())
	if name == "" {
		return tagged.NilValue()
	}
	id := r.typeSequence(true)
	n := r.uint()
	start, defined := r.pos, r.defined
	value := r.top(id)
	// The length is that of the part up to the first type definition inside.
	if r.defined == defined && uint64(r.pos-start) != n {
		fail("length of interface value: %d (expected: %d)", n, r.pos-start)
	}
	return tagged.InterfaceOf(name, value)
}

// goTime reads what time.Time writes: a version, seconds since year 1,
// nanoseconds, the zone's offset in minutes (-1: UTC), and in version 2 the
// seconds of the offset.
func goTime(b []byte) any {
	if len(b) != 15 && len(b) != 16 || int(b[0]) != len(b)-14 {
		fail("time: %x", b)
	}
	const secondsFromYear1To1970 = 62135596800
	sec := int64(binary.BigEndian.Uint64(b[1:])) - secondsFromYear1To1970
	minutes := int(int16(binary.BigEndian.Uint16(b[13:])))
	offset := minutes * 60
	if len(b) == 16 {
		offset += int(int8(b[15]))
	}
	return tagged.TimeOf(sec, int(binary.BigEndian.Uint32(b[9:])), minutes == -1, offset, b)
}

func (r *reader) byte() byte {
	if r.pos >= r.end {
		fail("unexpected end of message")
	}
	b := r.data[r.pos]
	r.pos++
	return b
}

func (r *reader) uint() uint64 {
	b := r.byte()
	if b < 0x80 {
		return uint64(b)
	}
	n := -int(int8(b))
	if n > 8 {
		fail("bytes of an integer: %d (expected: <= 8)", n)
	}
	var u uint64
	for ; n > 0; n-- {
		u = u<<8 | uint64(r.byte())
	}
	return u
}

func (r *reader) int() int64 {
	u := r.uint()
	if u&1 != 0 {
		return ^int64(u >> 1)
	}
	return int64(u >> 1)
}

func (r *reader) float() float64 { return math.Float64frombits(bits.ReverseBytes64(r.uint())) }

// count reads a number of elements. It may exceed what is left of the message,
// as elements may go on in the next, but each takes a byte of the stream.
func (r *reader) count() int {
	n := r.uint()
	if n > uint64(len(r.data)-r.pos) {
		fail("count: %d (left in stream: %d)", n, len(r.data)-r.pos)
	}
	return int(n)
}

func (r *reader) bytes() []byte {
	n := r.uint()
	if n > uint64(r.end-r.pos) {
		fail("length: %d (left in message: %d)", n, r.end-r.pos)
	}
	b := r.data[r.pos : r.pos+int(n)]
	r.pos += int(n)
	return b
}

// describe writes a type in a shape near to Go's. A struct is spelt out where
// it is first met; inside itself it is named only. Other types may contain
// themselves too, and are then named within angle brackets.
func (r *reader) describe(id int64, open map[int64]bool) string {
	if name, ok := builtin[id]; ok {
		return name
	}
	d := r.types[id]
	if d == nil {
		panic(wireError{errors.New("undefined type")})
	}
	if open[id] {
		if d.kind == kindStruct {
			return strings.TrimRight("struct "+d.name, " ")
		}
		return "<" + d.name + ">"
	}
	open[id] = true
	defer delete(open, id)
	switch d.kind {
	case kindArray:
		return fmt.Sprintf("[%d]%s", d.length, r.describe(d.elem, open))
	case kindSlice:
		return "[]" + r.describe(d.elem, open)
	case kindMap:
		return "map[" + r.describe(d.key, open) + "]" + r.describe(d.elem, open)
	case kindStruct:
		parts := make([]string, len(d.fields))
		for i, f := range d.fields {
			parts[i] = f.name + " " + r.describe(f.id, open)
		}
		return "struct " + d.name + "{" + strings.Join(parts, "; ") + "}"
	}
	return strings.TrimRight(opaqueNames[d.kind]+" "+d.name, " ")
}
