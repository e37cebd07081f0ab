package tagged

import (
	"encoding"
	"encoding/gob"
	"fmt"
	"reflect"
	"time"
	"unicode"
	"unicode/utf8"
)

// names remembers what gob does not tell: under which name a type travels
// inside an interface.
var names = map[reflect.Type]string{}

// Register is gob.RegisterName, remembered for OfGo. It is meant for init
// functions.
func Register(name string, value any) {
	gob.RegisterName(name, value)
	names[base(reflect.TypeOf(value))] = name
}

// OfGo says what gob sends for a Go value, worked out from the value alone:
// pointers are flattened, zero fields of a struct are left out, and the types
// are those of the wire, so an int16 is an "int". A pointer to an interface
// variable stands for the interface, as in gob.Encoder.Encode. Opaque values
// with a pointer receiver need an addressable v, as gob does.
func OfGo(v any) any {
	rv := reflect.ValueOf(v)
	value, _ := ofGo(rv, true)
	return value
}

var (
	gobEncoder      = reflect.TypeOf((*gob.GobEncoder)(nil)).Elem()
	binaryMarshaler = reflect.TypeOf((*encoding.BinaryMarshaler)(nil)).Elem()
	timeType        = reflect.TypeOf(time.Time{})
)

// ofGo returns the value and whether it is sent at all; sendZero is false only
// for the fields of a struct.
func ofGo(v reflect.Value, sendZero bool) (any, bool) {
	if kind := opaqueKind(v.Type()); kind != "" {
		return ofOpaque(v, kind, sendZero)
	}
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			return nil, false
		}
		return ofGo(v.Elem(), sendZero)
	case reflect.Bool:
		return Bool(v.Bool()), sendZero || v.Bool()
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return Int(v.Int()), sendZero || v.Int() != 0
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		return Uint(v.Uint()), sendZero || v.Uint() != 0
	case reflect.Float32, reflect.Float64:
		return Float(v.Float()), sendZero || v.Float() != 0 // so -0 is not sent either
	case reflect.Complex64, reflect.Complex128:
		return ComplexOf(v.Complex()), sendZero || v.Complex() != 0
	case reflect.String:
		return String(v.String()), sendZero || v.Len() > 0
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			return Bytes(v.Bytes()), sendZero || v.Len() > 0
		}
		return ListOf("slice", elements(v)), sendZero || v.Len() > 0
	case reflect.Array:
		return ListOf("array", elements(v)), true
	case reflect.Map:
		var entries [][2]any
		for it := v.MapRange(); it.Next(); {
			key, _ := ofGo(it.Key(), true)
			elem, _ := ofGo(it.Value(), true)
			entries = append(entries, [2]any{key, elem})
		}
		return MapOf(entries), sendZero || !v.IsNil()
	case reflect.Struct:
		return StructOf(v.Type().Name(), fields(v)), true
	case reflect.Interface:
		if v.IsNil() {
			return NilValue(), sendZero
		}
		value, _ := ofGo(v.Elem(), true)
		return InterfaceOf(nameOf(v.Elem().Type()), value), true
	}
	panic(fmt.Sprintf("kind that gob cannot send: %s", v.Type()))
}

func elements(v reflect.Value) []any {
	var out []any
	for i := 0; i < v.Len(); i++ {
		elem, _ := ofGo(v.Index(i), true)
		out = append(out, elem)
	}
	return out
}

func fields(v reflect.Value) [][2]any {
	var out [][2]any
	for i := 0; i < v.NumField(); i++ {
		f := v.Type().Field(i)
		if first, _ := utf8.DecodeRuneInString(f.Name); !unicode.IsUpper(first) {
			continue
		}
		if k := base(f.Type).Kind(); k == reflect.Chan || k == reflect.Func {
			continue
		}
		if value, sent := ofGo(v.Field(i), false); sent {
			out = append(out, [2]any{f.Name, value})
		}
	}
	return out
}

// opaqueKind tells how gob sends a type that brings its own encoding. Text
// marshalers are not asked: gob knows them on the wire, but Go never sends one.
func opaqueKind(t reflect.Type) string {
	has := func(i reflect.Type) bool {
		return t.Implements(i) || t.Kind() != reflect.Pointer && reflect.PointerTo(t).Implements(i)
	}
	switch {
	case t.Kind() == reflect.Interface:
		return ""
	case has(gobEncoder):
		return "gob"
	case has(binaryMarshaler):
		return "binary"
	}
	return ""
}

func ofOpaque(v reflect.Value, kind string, sendZero bool) (any, bool) {
	// A pointer that is nil, or a zero value whose methods are its own, is
	// left out; a value that is reached through its address never is.
	own := v.Type().Implements(gobEncoder) || v.Type().Implements(binaryMarshaler)
	sent := sendZero || !own || !v.IsZero()
	if v.Kind() == reflect.Pointer && v.IsNil() {
		return nil, false
	}
	if !own {
		if !v.CanAddr() {
			panic(fmt.Sprintf("not addressable: %s", v.Type()))
		}
		v = v.Addr()
	}
	var data []byte
	var err error
	if kind == "gob" {
		data, err = v.Interface().(gob.GobEncoder).GobEncode()
	} else {
		data, err = v.Interface().(encoding.BinaryMarshaler).MarshalBinary()
	}
	if err != nil {
		panic(err)
	}
	if base(v.Type()) == timeType {
		t := reflect.Indirect(v).Interface().(time.Time)
		_, offset := t.Zone()
		return TimeOf(t.Unix(), t.Nanosecond(), t.Location() == time.UTC, offset, data), sent
	}
	return OpaqueOf(kind, base(v.Type()).Name(), data), sent
}

func nameOf(t reflect.Type) string {
	b := base(t)
	if name, ok := names[b]; ok {
		return name
	}
	return b.String() // gob's own basic types
}

func base(t reflect.Type) reflect.Type {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t
}
