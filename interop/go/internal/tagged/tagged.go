// Package tagged holds the self-describing JSON form in which gob values are
// written down as truth: every value says what it is, numbers are texts, so
// that no reader of JSON can lose a digit.
//
// The form is documented in rpc-core/src/test/resources/gob/README.md.
package tagged

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"math"
	"sort"
	"strconv"
	"time"
	"unicode/utf8"
)

// Entry is one top-level value of a stream.
type Entry struct {
	Type  string `json:"type"`
	Value any    `json:"value"`
}

// Scalar is a bool, int, uint, float, bytes or valid UTF-8 string.
type Scalar struct {
	T string `json:"t"`
	V any    `json:"v"`
}

// RawString is a string that is not valid UTF-8.
type RawString struct {
	T   string `json:"t"`
	Hex string `json:"hex"`
}

// Complex is a pair of floats.
type Complex struct {
	T  string `json:"t"`
	Re string `json:"re"`
	Im string `json:"im"`
}

// List is an array or a slice.
type List struct {
	T    string `json:"t"`
	Elem []any  `json:"elem"`
}

// Map is a map; its entries are sorted by the JSON text of their keys.
type Map struct {
	T       string   `json:"t"`
	Entries [][2]any `json:"entries"`
}

// Struct holds the fields that are on the wire, in wire order.
type Struct struct {
	T      string   `json:"t"`
	Name   string   `json:"name"`
	Fields [][2]any `json:"fields"`
}

// Interface is a non-nil interface value.
type Interface struct {
	T     string `json:"t"`
	Name  string `json:"name"`
	Value any    `json:"value"`
}

// Nil is a nil interface value.
type Nil struct {
	T string `json:"t"`
}

// Opaque is what a GobEncoder, BinaryMarshaler or TextMarshaler wrote.
type Opaque struct {
	T    string `json:"t"`
	Kind string `json:"kind"`
	Name string `json:"name"`
	V    string `json:"v"`
}

// Time is a GobEncoder value whose wire type is named Time.
type Time struct {
	T      string `json:"t"`
	V      string `json:"v"`
	Sec    string `json:"sec"`
	Nsec   string `json:"nsec"`
	Offset string `json:"offset"`
	Hex    string `json:"hex"`
}

func Bool(b bool) any     { return Scalar{"bool", b} }
func Int(i int64) any     { return Scalar{"int", strconv.FormatInt(i, 10)} }
func Uint(u uint64) any   { return Scalar{"uint", strconv.FormatUint(u, 10)} }
func Float(f float64) any { return Scalar{"float", floatText(f)} }
func Bytes(b []byte) any  { return Scalar{"bytes", hex.EncodeToString(b)} }
func NilValue() any       { return Nil{"nil"} }

func String(s string) any {
	if !utf8.ValidString(s) {
		return RawString{"string", hex.EncodeToString([]byte(s))}
	}
	return Scalar{"string", s}
}

func ComplexOf(c complex128) any {
	return Complex{"complex", floatText(real(c)), floatText(imag(c))}
}

// ListOf makes an array or slice; no elements are written as [], not null.
func ListOf(kind string, elem []any) any {
	if elem == nil {
		elem = []any{}
	}
	return List{kind, elem}
}

// MapOf sorts the entries.
func MapOf(entries [][2]any) any {
	if entries == nil {
		entries = [][2]any{}
	}
	sort.SliceStable(entries, func(i, j int) bool { return KeyText(entries[i][0]) < KeyText(entries[j][0]) })
	return Map{"map", entries}
}

func StructOf(name string, fields [][2]any) any {
	if fields == nil {
		fields = [][2]any{}
	}
	return Struct{"struct", name, fields}
}

func InterfaceOf(name string, value any) any { return Interface{"interface", name, value} }

func OpaqueOf(kind, name string, data []byte) any {
	return Opaque{"opaque", kind, name, hex.EncodeToString(data)}
}

// TimeOf takes the offset in seconds, and the bytes that are on the wire.
func TimeOf(sec int64, nsec int, utc bool, offset int, data []byte) any {
	zone, text := time.UTC, "utc"
	if !utc {
		zone, text = time.FixedZone("", offset), strconv.Itoa(offset)
	}
	return Time{
		T:      "time",
		V:      time.Unix(sec, int64(nsec)).In(zone).Format(time.RFC3339Nano),
		Sec:    strconv.FormatInt(sec, 10),
		Nsec:   strconv.Itoa(nsec),
		Offset: text,
		Hex:    hex.EncodeToString(data),
	}
}

// KeyText is the text by which map entries are ordered.
func KeyText(key any) string { return string(Marshal(key)) }

// Marshal writes compact JSON without HTML escapes.
func Marshal(v any) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		panic(err) // the tagged types hold nothing that JSON cannot
	}
	return bytes.TrimRight(b.Bytes(), "\n")
}

// MarshalEntries writes a JSON array with one entry a line.
func MarshalEntries(entries []Entry) []byte {
	b := []byte("[")
	for i, e := range entries {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, '\n')
		b = append(b, Marshal(e)...)
	}
	return append(b, "\n]\n"...)
}

// Same tells whether two values are equal but for what only one side knows:
// the wire does not always carry the name of a struct or of an opaque type
// (elements of arrays and maps have none), so these are not compared.
func Same(a, b any) bool { return bytes.Equal(Marshal(nameless(a)), Marshal(nameless(b))) }

func nameless(v any) any {
	pairs := func(in [][2]any, both bool) [][2]any {
		out := make([][2]any, len(in))
		for i, p := range in {
			out[i] = [2]any{p[0], nameless(p[1])}
			if both {
				out[i][0] = nameless(p[0])
			}
		}
		return out
	}
	switch v := v.(type) {
	case List:
		out := make([]any, len(v.Elem))
		for i, e := range v.Elem {
			out[i] = nameless(e)
		}
		return List{v.T, out}
	case Map:
		return MapOf(pairs(v.Entries, true))
	case Struct:
		return Struct{v.T, "", pairs(v.Fields, false)}
	case Interface:
		return Interface{v.T, v.Name, nameless(v.Value)}
	case Opaque:
		return Opaque{v.T, v.Kind, "", v.V}
	case Time:
		return Opaque{"opaque", "gob", "", v.Hex}
	}
	return v
}

func floatText(f float64) string {
	if math.IsNaN(f) {
		return "NaN"
	}
	return strconv.FormatFloat(f, 'g', -1, 64)
}
