package golden

import (
	"math"
	"math/big"
	"net/netip"
	"net/rpc"
	"net/url"
	"reflect"
	"strings"
	"time"

	"pgwatchrpc/interop/internal/kinds"
	"pgwatchrpc/interop/internal/pgwatch/v30"
	"pgwatchrpc/interop/internal/pgwatch/v35"
	"pgwatchrpc/interop/internal/pgwatch/v36"
)

// Cases lists every vector. Where an interface or map could make Go's output
// differ from run to run, package wire puts it in order.
func Cases() []Case {
	var all []Case
	for _, group := range [][]Case{
		basics(), lists(), maps(), structs(), interfaces(), opaques(), times(), streams(), crafted(), remoteCalls(), pgwatch(),
	} {
		all = append(all, group...)
	}
	return all
}

// each makes a case of independent top-level values.
func each(name, about string, values ...any) Case {
	return Case{name, about, func(s *stream) { s.put(values...) }}
}

func ptr[T any](v T) *T { return &v }

// holding returns a pointer to an interface variable, which gob sends as an
// interface value and not as what it holds.
func holding(v any) *any { return &v }

func held(v any) kinds.Holder { return kinds.Holder{Value: v} }
func boxed(v any) kinds.Box   { return kinds.Box{Content: v} }
func at(x, y int) kinds.Point { return kinds.Point{X: x, Y: y} }

func basics() []Case {
	var ints, uints []any
	for _, i := range []int64{0, 1, -1, 2, -2, 63, 64, 65, -63, -64, -65, 127, 128, -127, -128, -129, 255, 256, -256, -257} {
		ints = append(ints, i)
	}
	for shift := 14; shift < 64; shift++ {
		if shift%8 < 6 && shift != 53 && shift < 62 {
			continue // keep those around the borders of bytes, and of doubles
		}
		p := int64(math.MaxInt64)
		if shift < 63 {
			p = 1<<shift - 1
		}
		ints = append(ints, p, p+1, -p, -p-1)
	}
	for _, u := range []uint64{0, 1, 2, 126, 127, 128, 129, 254, 255, 256, 257} {
		uints = append(uints, u)
	}
	for shift := 15; shift < 64; shift++ {
		if shift%8 != 7 && shift%8 != 0 && shift != 53 {
			continue
		}
		uints = append(uints, uint64(1)<<shift-1, uint64(1)<<shift, uint64(1)<<shift+1)
	}
	uints = append(uints, uint64(math.MaxUint64-1), uint64(math.MaxUint64))

	return []Case{
		each("bool", "both", true, false),
		each("int-borders", "signed integers around every change of encoded length, to the full 64 bits", ints...),
		each("uint-borders", "unsigned integers likewise", uints...),
		each("int-types", "int8 to int64 and int: least, -1, 0, 1, greatest",
			int8(-128), int8(-1), int8(0), int8(1), int8(127),
			int16(-32768), int16(-1), int16(0), int16(1), int16(32767),
			int32(math.MinInt32), int32(-1), int32(0), int32(1), int32(math.MaxInt32),
			int64(math.MinInt64), int64(-1), int64(0), int64(1), int64(math.MaxInt64),
			int(math.MinInt64), int(math.MaxInt64)),
		each("uint-types", "uint8 to uint64, uint and uintptr: 0, 1, greatest",
			uint8(0), uint8(1), uint8(255), uint16(0), uint16(1), uint16(65535),
			uint32(0), uint32(1), uint32(math.MaxUint32), uint64(0), uint64(1), uint64(math.MaxUint64),
			uint(math.MaxUint64), uintptr(0), uintptr(math.MaxUint64)),
		each("float64", "zeros, NaN, infinities, least, greatest, fractions, 2^53 and its neighbours",
			0.0, math.Copysign(0, -1), 1.0, -1.0, 17.5, 17.0, 0.1, -0.1, 1.0/3, 1e100, 1e-100, math.Pi,
			math.NaN(), math.Inf(1), math.Inf(-1), math.SmallestNonzeroFloat64, -math.SmallestNonzeroFloat64,
			0x1p-1022, math.MaxFloat64, -math.MaxFloat64, 9007199254740991.0, 9007199254740992.0, 1e21, 1e20),
		each("float32", "widened to 64 bits on the wire",
			float32(0), float32(math.Copysign(0, -1)), float32(17.5), float32(0.1), float32(math.MaxFloat32),
			float32(math.SmallestNonzeroFloat32), float32(math.NaN()), float32(math.Inf(1)), float32(math.Inf(-1))),
		each("complex", "complex64 and complex128",
			complex64(0), complex64(1-2i), complex64(0.1i), 0i, 1+2i, complex(math.Copysign(0, -1), 0),
			complex(math.Inf(1), math.NaN()), complex(math.MaxFloat64, -math.SmallestNonzeroFloat64)),
		each("string", "empty, ASCII, Unicode, NUL inside, quotes, 127 and 128 bytes",
			"", "a", "hello, world", "ключ ✓ 𝄞 é", "a\x00b", "\x00", "line\nfeed\ttab\r\"quote\"\\ </&>\u2028",
			"\ufeff", strings.Repeat("x", 127), strings.Repeat("y", 128), strings.Repeat("é", 128)),
		each("string-invalid-utf8", "bytes that are no text", "\xff", "ok\xc3", "\xc0\x80", "\xed\xa0\x80", "a\xf0\x9f\x98z"),
		each("string-100k", "a hundred thousand bytes", strings.Repeat("0123456789", 10000)),
		each("bytes", "nil, empty, one, every byte", []byte(nil), []byte{}, []byte{0}, everyByte()),
		each("named-basics", "named types look like what they are made of",
			kinds.Celsius(36.6), time.Duration(-1500000000), time.March, kinds.Level(2), ptr(ptr(ptr(5)))),
	}
}

func everyByte() []byte {
	b := make([]byte, 256)
	for i := range b {
		b[i] = byte(i)
	}
	return b
}

func lists() []Case {
	type holder struct {
		Nil, Empty, Full []int
		NilBytes, Bytes  []byte
	}
	return []Case{
		each("array-int", "arrays of numbers, also all zero", [3]int{1, -2, 3}, [3]int{}, [1]uint64{math.MaxUint64}, [2]float32{0.5, 0}),
		each("array-empty", "an array without elements", [0]int{}),
		each("array-byte", "an array of bytes is an array of unsigned numbers, not bytes", [4]byte{0, 1, 127, 255}),
		each("array-string", "arrays of strings and bools", [2]string{"", "b"}, [2]bool{true, false}, [2]complex128{1, 2i}),
		each("array-struct", "elements are sent even when zero", [2]kinds.Point{at(1, 2), {}}),
		each("array-array", "arrays of arrays and of slices", [2][3]int{{1, 2, 3}, {4, 5, 6}}, [2][]string{{"a"}, nil}),
		each("slice-basic", "slices of every basic type",
			[]bool{true, false}, []int{0, 1, -1}, []int8{-128, 127}, []int16{-32768}, []int32{7}, []int64{math.MinInt64, math.MaxInt64},
			[]uint{0, 1}, []uint16{65535}, []uint32{1 << 31}, []uint64{math.MaxUint64}, []uintptr{1},
			[]float32{0.1}, []float64{0, 17.5, math.Inf(-1)}, []complex64{1i}, []complex128{1 + 1i}, []string{"", "a", "ü"}),
		each("slice-empty", "nil and empty look alike at the top", []int(nil), []int{}, []string(nil), []kinds.Point{}),
		each("slice-in-struct", "nil and empty slices are left out", holder{Empty: []int{}, Full: []int{0}, Bytes: []byte{0}}, holder{}),
		each("slice-struct", "elements are sent even when zero", []kinds.Point{at(1, 2), {}, at(0, 3)}),
		each("slice-pointer", "pointers are flattened", []*kinds.Point{{X: 1, Y: 2}, {}}, []**int{ptr(ptr(1)), ptr(ptr(0))}),
		each("slice-interface", "elements of many types, nil among them", []any{}, []any{nil, 1, "a", 2.5, true, []byte{1}, nil, uint8(3)}),
		each("slice-slice", "nil and empty elements are sent as empty", [][]int{{1}, nil, {}, {2, 3}}, [][][]string{{{"a"}}}),
		each("slice-bytes", "byte slices as elements", [][]byte{{1, 2}, nil, {}, {255}}),
		each("slice-map", "maps as elements", []map[string]int{{"a": 1}, nil, {}}),
		each("slice-named", "a named slice type", kinds.Names{"a", "b"}),
		each("slice-recursive", "a slice type that is its own element type", kinds.Nested{{}, {{}, {{}}}, nil}),
		each("slice-1000", "many elements", sequence(1000)),
	}
}

func sequence(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i * i
	}
	return out
}

func maps() []Case {
	type holder struct {
		Nil, Empty, Full map[string]int
	}
	return []Case{
		each("map-string-string", "several entries, an empty key", map[string]string{"a": "1", "b": "", "": "empty key", "ключ ✓": "значение ☃"}),
		each("map-int-string", "negative, zero and large keys", map[int]string{-1: "minus", 0: "zero", 1 << 40: "big"}),
		each("map-string-interface", "values of many types, nil among them", map[string]any{"nil": nil, "int": 1, "text": "t", "float": 2.5, "bool": false, "bytes": []byte{1, 2}}),
		each("map-string-struct", "elements are sent even when zero", map[string]kinds.Point{"a": at(1, 2), "zero": {}}),
		each("map-string-pointer", "pointers are flattened", map[string]*kinds.Point{"a": {X: 1, Y: 2}, "zero": {}}),
		each("map-struct-key", "a struct as key", map[kinds.Point]string{at(1, 2): "a", {}: "zero"}),
		each("map-keys", "bool, float, array, uint8 and interface keys",
			map[bool]int{true: 1, false: 0}, map[float64]int{0.5: 1, math.Inf(1): 2}, map[[2]int]int{{1, 2}: 3},
			map[uint8]int8{255: -1}, map[any]any{1: "one", "1": 1}),
		each("map-map", "maps as elements, one of them nil", map[string]map[string]int{"a": {"x": 1, "y": 2}, "empty": {}, "nil": nil}),
		each("map-slice", "slices as elements, one of them nil", map[string][]int{"a": {1, 2}, "nil": nil}),
		each("map-empty", "nil and empty look alike at the top", map[string]int(nil), map[string]int{}),
		each("map-in-struct", "a nil map is left out, an empty one is not", holder{Empty: map[string]int{}, Full: map[string]int{"a": 0}}, holder{}),
		each("map-named", "a named map type", kinds.Labels{"env": "test"}),
		each("map-recursive", "a map type that is its own element type", kinds.Menu{"file": {"open": nil, "recent": {"a": nil, "b": {}}}, "help": {}}),
	}
}

func structs() []Case {
	type pointers struct {
		A *int
		B **int
		C ***string
		D *kinds.Point
		E *[]int
		F *map[string]int
		G *any
		H *[2]int
		I **kinds.Node
	}
	type hidden struct {
		Shown  int
		hidden int
		Chan   chan int
		Func   func()
		lower  string
		Last   string
	}
	type inner struct{ Value int }
	type anonymous struct {
		Unnamed struct{ X, Y int }
		List    []struct{ Name string }
	}
	type Größe struct {
		Höhe int
		Ключ string
	}
	type overlay struct {
		kinds.Embedded
		*kinds.Point
		inner
		Label string
	}
	type zeros struct {
		Bool    bool
		Int     int
		Float   float64
		Complex complex128
		String  string
		Bytes   []byte
		Slice   []int
		Map     map[string]int
		Pointer *int
		Any     any
		Array   [2]int
		Struct  kinds.Point
	}
	type wide struct {
		A, B, C, D, E, F, G, H, I, J, K, L, M, N, O, P, Q, R, S, T int
	}
	parent := &kinds.Parent{Name: "p", Children: []kinds.Child{{Name: "c1", Parent: &kinds.Parent{Name: "other"}}, {Name: "c2"}}}
	list := &kinds.Node{Value: 100}
	for i := 99; i > 0; i-- {
		list = &kinds.Node{Value: i, Next: list}
	}
	return []Case{
		each("struct-point", "the simplest", kinds.Point{X: 22, Y: 33}, kinds.Point{X: -1}, kinds.Point{Y: 1}),
		each("struct-zero", "all fields zero, so nothing but the end", kinds.Point{}),
		each("struct-empty", "a struct type without fields", kinds.Empty{}, struct{}{}),
		each("struct-nested", "structs and arrays inside are sent even when zero",
			kinds.Person{Name: "Ada", Age: 36, Emails: []string{"a@example.org", ""}, Home: &kinds.Point{X: 1}}, kinds.Person{Home: &kinds.Point{}}),
		each("struct-zeros", "which zero values are left out", zeros{}, zeros{Float: math.Copysign(0, -1), Pointer: ptr(0), Any: 0}),
		each("struct-wide", "gaps between fields", wide{A: 1, T: 20}, wide{T: 20}, wide{B: 2, K: 11}),
		each("struct-list", "a linked list of one, two and a hundred", kinds.Node{Value: 1}, kinds.Node{Value: 1, Next: &kinds.Node{}}, list),
		each("struct-tree", "a binary tree", &kinds.Tree{Label: "root", Left: &kinds.Tree{Label: "l", Right: &kinds.Tree{}}, Right: &kinds.Tree{Label: "r"}}),
		each("struct-mutual", "two types that contain each other", parent),
		each("struct-pointers", "nil, zero and non-zero behind one to three pointers",
			pointers{},
			pointers{A: ptr(0), B: ptr(ptr(0)), C: ptr(ptr(ptr(""))), D: &kinds.Point{}, E: &[]int{}, F: &map[string]int{}, G: holding(nil), H: &[2]int{}, I: ptr(&kinds.Node{})},
			pointers{A: ptr(1), B: ptr(ptr(2)), C: ptr(ptr(ptr("three"))), D: &kinds.Point{X: 4}, E: &[]int{5}, F: &map[string]int{"six": 6}, G: holding(7), H: &[2]int{8, 0}, I: ptr(&kinds.Node{Value: 9})},
			pointers{B: new(*int), C: ptr(new(*string)), I: new(*kinds.Node)}),
		each("struct-embedded", "an embedded struct is a field with the name of its type",
			overlay{kinds.Embedded{Id: 1, Label: "inner"}, &kinds.Point{X: 2}, inner{3}, "outer"}, overlay{}),
		each("struct-unexported", "unexported, chan and func fields do not exist on the wire",
			hidden{1, 2, make(chan int), func() {}, "x", "last"}),
		each("struct-unnamed", "struct types without a name",
			anonymous{Unnamed: struct{ X, Y int }{1, 2}, List: []struct{ Name string }{{"a"}, {""}}}, struct{ A int }{1}),
		each("struct-names", "names beyond ASCII", Größe{170, "значение"}),
		each("struct-generic", "the name of a generic type holds its arguments",
			pair[string, int]{"a", 1}, pair[kinds.Point, []string]{kinds.Point{X: 1}, []string{"b"}}),
		each("struct-versions", "two versions of a struct: fields gone, new, in another order",
			kinds.AccountV1{Name: "ada", Balance: math.MaxInt64, Note: "old"},
			kinds.AccountV2{
				Opened: time.Date(2020, 1, 2, 3, 4, 5, 0, time.UTC), Balance: -1, Owners: []kinds.Person{{Name: "Bob"}},
				Extra: map[string]any{"limit": 5.5, "none": nil}, Name: "bob", Position: &kinds.Point{X: 1, Y: 2},
			}),
		each("struct-kitchen-sink", "a field of every kind, full and zero", kinds.Sink(), &kinds.KitchenSink{}),
		each("struct-skipping", "things of every kind before the last field, for a reader that skips them",
			&kinds.Skipping{
				Sink: kinds.Sink(), Boxes: []kinds.Box{boxed(nil), boxed(boxed(at(1, 2))), boxed([]any{nil, kinds.Celsius(1)})},
				Times: someTimes(), Opaques: someOpaques(), Menu: kinds.Menu{"a": {"b": nil}}, Nested: kinds.Nested{{}},
				Messages: map[string][]any{"m": {nil, kinds.RegisteredPoint{X: 3}, "s"}}, Last: "here",
			}),
	}
}

type pair[A, B any] struct {
	First  A
	Second B
}

func interfaces() []Case {
	basics := []any{
		nil, false, 1, int8(-8), int16(-16), int32(-32), int64(-64), uint(1), uint8(8), uint16(16), uint32(32), uint64(64), uintptr(5),
		float32(0.5), 17.5, complex64(1i), 1 + 2i, "text", []byte("bytes"),
	}
	var tops []any
	for _, v := range basics {
		tops = append(tops, holding(v))
	}
	return []Case{
		each("interface-nil", "at the top, in a struct (left out), in a slice and in a map",
			holding(nil), kinds.Holder{}, []any{nil, nil}, map[string]any{"v": nil}),
		each("interface-basic", "every basic type at the top, by its registered name", tops...),
		each("interface-in-struct", "zero values inside an interface are sent", held(0), held(""), held(false), held(0.0), held([]byte{}), held(math.Copysign(0, -1))),
		each("interface-basic-slice", "basic slices, whose types are defined in the middle of the value",
			held([]string{"a", "b"}), held([]int(nil)), []any{[]float64{1, 2}, []bool{true}, []string{"again"}, []int{1}}),
		each("interface-struct", "a struct, defined in the middle of the value, then known",
			held(kinds.Point{X: 1, Y: 2}), held(kinds.Point{}), held(kinds.Person{Name: "Ada", Home: &kinds.Point{X: 3}})),
		each("interface-struct-top", "at the top of the stream", holding(kinds.Point{X: 1}), holding(kinds.Person{Name: "Ada"}), holding(kinds.Point{})),
		each("interface-pointer", "a pointer is flattened; the name is the registered one",
			held(&kinds.Point{X: 1}), held(&kinds.PointerPoint{X: 2}), held(kinds.RegisteredPoint{X: 3})),
		each("interface-named", "a named basic type", held(kinds.Celsius(36.6))),
		each("interface-array", "an array, defined in the middle of the value", held([3]int{1, 2, 3})),
		each("interface-interface", "interfaces inside interfaces, types defined at each depth",
			held(boxed(boxed(boxed(nil)))),
			held(boxed(boxed(kinds.Point{X: 1, Y: 2}))),
			held(boxed(kinds.Person{Name: "Ada", Home: &kinds.Point{Y: 3}}))),
		each("interface-deep-definitions", "the first value already defines a type three interfaces deep, then goes on",
			[]any{boxed(boxed(kinds.Node{Value: 1, Next: &kinds.Node{Value: 2}})), "after", boxed(kinds.Celsius(1)), kinds.Point{X: 5}}),
		each("interface-slice", "slices and maps of interfaces inside interfaces",
			held([]any{1, "a", nil, []any{true}}), held(map[string]any{"a": 1, "b": nil}), held(map[string]int{"n": 1})),
		each("interface-late-types", "values of a slice each define a type",
			[]any{kinds.Point{X: 1}, kinds.Person{Name: "a"}, kinds.Node{Value: 1}, kinds.Point{X: 2}, kinds.Version{Major: 1, Minor: 2}, kinds.Color{R: 1}, "end"}),
		each("interface-map-type", "a map value defines a type", map[string]any{"only": kinds.Point{X: 1}}, map[string]any{"a": kinds.Point{X: 1}, "b": kinds.Point{Y: 2}, "c": nil}),
	}
}

func someOpaques() kinds.Opaques {
	v, _ := new(big.Int).SetString("123456789012345678901234567890", 10)
	return kinds.Opaques{
		Version: kinds.Version{Major: 3, Minor: 7}, VersionPointer: &kinds.Version{}, Counter: kinds.NewCounter(9), Secret: "s",
		Color: kinds.Color{R: 1, G: 2, B: 3}, Level: 2, Big: *big.NewInt(-1), BigPointer: v, Rat: big.NewRat(-3, 7),
		Float: big.NewFloat(1.5), Addr: netip.MustParseAddr("192.0.2.1"), URL: &url.URL{Scheme: "https", Host: "example.org", Path: "/x"},
	}
}

func opaques() []Case {
	full, zero := someOpaques(), kinds.Opaques{}
	huge := new(big.Int).Lsh(big.NewInt(1), 4096)
	return []Case{
		each("opaque-gob", "GobEncoder: by value, by pointer, on a string", kinds.Version{Major: 1, Minor: 2}, &kinds.Version{}, ptr(kinds.NewCounter(3)), kinds.Secret("x")),
		each("opaque-binary", "BinaryMarshaler: own, netip.Addr, url.URL",
			kinds.Color{R: 255, G: 128}, netip.MustParseAddr("2001:db8::1"), &url.URL{Scheme: "rpc", Host: "127.0.0.1:5000"}),
		each("opaque-struct", "as fields, full and zero: one with pointer methods is sent even when zero", &full, &zero),
		each("opaque-interface", "inside interfaces", held(kinds.Version{Major: 1}), held(kinds.Color{G: 1}), held(big.NewInt(-5)), held(kinds.Version{})),
		each("opaque-collections", "as elements and keys, where the wire has no name for them",
			[]kinds.Version{{Major: 1}, {}}, [1]kinds.Color{{B: 1}}, map[string]kinds.Version{"a": {Minor: 1}}, map[kinds.Color]int{{R: 1}: 1}),
		each("opaque-text", "a TextMarshaler is not opaque to Go's encoder: here an int", kinds.Level(2), struct{ Level kinds.Level }{1}),
		each("big-int", "big.Int", big.NewInt(0), big.NewInt(1), big.NewInt(-1), big.NewInt(math.MaxInt64), huge, new(big.Int).Neg(huge)),
	}
}

func zoned(offset int, nsec int) time.Time {
	return time.Date(2024, 2, 29, 23, 59, 58, nsec, time.FixedZone("zone", offset))
}

func someTimes() kinds.Times {
	day := time.Date(2024, 2, 29, 12, 0, 0, 1, time.UTC)
	return kinds.Times{
		Value: day, Pointer: ptr(zoned(3600, 0)), List: []time.Time{day, {}}, Array: [1]time.Time{day},
		ByName: map[string]time.Time{"start": day}, Any: zoned(-3600, 5), AnyList: []any{day, nil, zoned(0, 0)}, Duration: time.Hour,
	}
}

// monotonic is a time that carries a reading of the monotonic clock, as
// time.Now does, and yet is always the same.
func monotonic() time.Time {
	now := time.Now()
	return now.Add(time.Date(2040, 5, 6, 7, 8, 9, 10, time.UTC).Sub(now)).UTC()
}

func times() []Case {
	return []Case{
		each("time-utc", "seconds, nanoseconds, before 1970",
			time.Date(2024, 2, 29, 12, 30, 45, 0, time.UTC), time.Date(2024, 2, 29, 12, 30, 45, 123456789, time.UTC),
			time.Unix(0, 0).UTC(), time.Unix(-1, 999999999).UTC(), time.Date(1883, 11, 18, 0, 0, 0, 1, time.UTC)),
		each("time-zones", "offsets: 0 but not UTC, hours, half hours, negative, positive with seconds",
			zoned(0, 0), zoned(7200, 1), zoned(-5*3600, 999999999), zoned(19800, 0), zoned(-12600, 0), zoned(14*3600, 0), zoned(-12*3600, 0),
			zoned(1172, 0), zoned(59, 0)),
		{"time-zones-negative-seconds", "offsets west of Greenwich with seconds; Go itself reads their seconds as unsigned", func(s *stream) {
			s.put(zoned(-2670, 5), zoned(-1, 0), zoned(-59, 0), zoned(-3661, 0))
			s.misread = true
		}},
		each("time-zero", "year 1", time.Time{}, time.Time{}.Add(1)),
		each("time-far", "years 9999, 10000, 0, -1000 and the ends of 64-bit seconds",
			time.Date(9999, 12, 31, 23, 59, 59, 999999999, time.UTC), time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC),
			time.Date(0, 12, 31, 0, 0, 0, 0, time.UTC), time.Date(-1000, 1, 1, 0, 0, 0, 0, time.UTC),
			time.Unix(math.MaxInt64-62135596800, 0).UTC(), time.Unix(math.MinInt64+62135596800, 0).UTC()),
		each("time-monotonic", "the monotonic clock is not on the wire", monotonic()),
		each("time-in-struct", "wherever a time can stand; zero times are left out", ptr(someTimes()), &kinds.Times{}),
		each("time-pointer", "as a pointer, a time has no name on the wire",
			struct{ When *time.Time }{ptr(zoned(0, 0).UTC())}, struct{ When *time.Time }{&time.Time{}}, struct{ When *time.Time }{}),
		each("time-interface", "at the top, zero in a struct, in a slice", holding(zoned(3600, 0)), held(time.Time{}), []any{zoned(0, 0).UTC()}),
	}
}

func streams() []Case {
	return []Case{
		each("stream-same-type", "one definition, many values", kinds.Point{X: 1}, kinds.Point{X: 2}, &kinds.Point{X: 3}, kinds.Point{}),
		each("stream-mixed-types", "values of different types in turn",
			1, "two", kinds.Point{X: 3}, []int{4}, "five", kinds.Person{Name: "six"}, map[string]int{"seven": 7}, kinds.Point{Y: 8}, true, 9.5, []int{10}),
		each("stream-late-types", "the third message is the first to hold a struct in its interface",
			held(1), held("two"), held(kinds.Point{X: 3}), held(kinds.Person{Home: &kinds.Point{Y: 4}}), held(kinds.Point{X: 5})),
		each("stream-shared-types", "types already defined for one value are used by the next",
			kinds.Person{Home: &kinds.Point{X: 1}}, kinds.Point{X: 2}, []kinds.Point{{X: 3}}, []string{"known"}, map[string]kinds.Person{"a": {}}),
		{"stream-200-types", "two hundred struct types in one: type ids beyond one byte", func(s *stream) {
			var fields []reflect.StructField
			for i := 0; i < 200; i++ {
				name := "F" + string(rune('A'+i/26)) + string(rune('a'+i%26))
				inner := reflect.StructField{Name: name + "Value", Type: reflect.TypeOf(0)}
				fields = append(fields, reflect.StructField{Name: name, Type: reflect.StructOf([]reflect.StructField{inner})})
			}
			v := reflect.New(reflect.StructOf(fields)).Elem()
			for i := 0; i < v.NumField(); i += 3 {
				v.Field(i).Field(0).SetInt(int64(i))
			}
			s.put(v.Interface())
		}},
		{"stream-300-values", "many small values", func(s *stream) {
			for i := 0; i < 300; i++ {
				s.put(kinds.Point{X: i, Y: -i})
			}
		}},
	}
}

// remoteCalls are what net/rpc puts on a connection, without its CONNECT.
func remoteCalls() []Case {
	return []Case{
		{"rpc-calls", "client to server: three calls", func(s *stream) {
			s.put(request("Arith.Multiply", 0), kinds.Args{A: 7, B: 8}, request("Arith.Divide", 1), kinds.Args{A: 17}, request("Echo.String", 2), "hello")
		}},
		{"rpc-answers", "server to client: two answers out of order, two errors with an empty struct as body", func(s *stream) {
			s.put(response("Arith.Divide", 1, ""), kinds.Quotient{Quo: 2, Rem: 1}, response("Arith.Multiply", 0, ""), 56,
				response("Arith.Divide", 2, "divide by zero"), struct{}{}, response("Foo.Bar", 3, "rpc: can't find service Foo.Bar"), struct{}{})
		}},
	}
}

func request(method string, seq uint64) *rpc.Request {
	return &rpc.Request{ServiceMethod: method, Seq: seq}
}

func response(method string, seq uint64, err string) *rpc.Response {
	return &rpc.Response{ServiceMethod: method, Seq: seq, Error: err}
}

func pgwatch() []Case {
	tags := map[string]string{"env": "test", "empty": "", "ключ ✓": "значение ☃"}
	const now = int64(1735689600123456789)
	allTypes := map[string]any{
		"epoch_ns": now, "v_bool": true, "v_int": -1, "v_int16": int16(-32768), "v_int32": int32(math.MinInt32), "v_int64": int64(math.MinInt64),
		"v_uint32": uint32(math.MaxUint32), "v_uint64": uint64(math.MaxUint64), "v_float32": float32(0.1), "v_float64": 17.5,
		"v_string": "снег ☃", "v_bytes": []byte{0, 255}, "v_nil": nil,
	}
	perType := []map[string]any{}
	for _, v := range []any{
		true, false, 0, -1, int16(32767), int32(math.MaxInt32), int64(math.MaxInt64), int64(9007199254740993), uint32(0), uint64(math.MaxUint64),
		float32(math.Inf(1)), math.NaN(), math.Inf(1), math.Inf(-1), math.Copysign(0, -1), 0.0, "", "text", "a\x00b", []byte(nil), []byte{1, 2, 3}, nil,
	} {
		perType = append(perType, map[string]any{"epoch_ns": now, "v": v})
	}
	configured := []map[string]any{{"epoch_ns": now, "continuous_discovery_prefix": "bench", "master_only": false, "tag_group": "default"}}
	metric := v30.Metric{
		SQLs: v30.SQLs{11: "select 1 as v", 14: "select 2 as v"}, InitSQL: "create extension x", Gauges: []string{"*"}, IsInstanceLevel: true,
	}
	update, sync := "Receiver.UpdateMeasurements", "Receiver.SyncMetric"
	old := func(data ...map[string]any) *v30.MeasurementEnvelope {
		return &v30.MeasurementEnvelope{
			DBName: "bench", MetricName: "all_types", CustomTags: tags, Data: data, MetricDef: metric, RealDbname: "bench", SystemIdentifier: "7711034691957678846",
		}
	}
	envelope := func(data ...map[string]any) *v36.MeasurementEnvelope {
		return &v36.MeasurementEnvelope{DBName: "bench", MetricName: "all_types", CustomTags: tags, Data: data}
	}
	unencodable := envelope(map[string]any{"epoch_ns": now, "v": struct{ Numeric int }{5}})
	return []Case{
		each("pgwatch-v3.0-envelope", "v3.0 to v3.5", old(allTypes), old(perType...)),
		each("pgwatch-v3.0-empty-envelope", "v3.0 begins with such", &v30.MeasurementEnvelope{}, &v30.MeasurementEnvelope{}),
		each("pgwatch-v3.0-sync", "v3.0 to v3.4: the operation is a text", &v30.SyncReq{DbName: "bench", MetricName: "wal", Operation: "add"}, &v30.SyncReq{DbName: "bench", MetricName: "wal", Operation: "remove"}, &v30.SyncReq{DbName: "bench", Operation: "remove"}),
		each("pgwatch-v3.5-sync", "v3.5: the operation is a number, 0 (add) is left out",
			&v35.SyncReq{DbName: "bench", MetricName: "wal"}, &v35.SyncReq{DbName: "bench", MetricName: "wal", Operation: 1}, &v35.SyncReq{DbName: "bench", Operation: 2}),
		each("pgwatch-v3.7-envelope", "v3.6 and v3.7", envelope(allTypes), envelope(perType...)),
		each("pgwatch-v3.7-envelope-variants", "without rows, tags, names; rows without columns",
			envelope(), &v36.MeasurementEnvelope{DBName: "bench", MetricName: "m", Data: configured}, &v36.MeasurementEnvelope{},
			&v36.MeasurementEnvelope{MetricName: "m", Data: configured}, &v36.MeasurementEnvelope{DBName: "bench", Data: configured},
			envelope(map[string]any{}, nil, map[string]any{"v": 1}), &v36.MeasurementEnvelope{DBName: "bench", MetricName: "m", CustomTags: map[string]string{}, Data: v36.Measurements{}}),
		each("pgwatch-v3.7-sync", "v3.6 and v3.7", &v36.SyncReq{DbName: "bench", MetricName: "wal"}, &v36.SyncReq{DbName: "bench", MetricName: "wal", Operation: 1}),
		{"pgwatch-v3.0-connection", "client to server, as v3.0.0 begins: empty envelopes, configured_dbs, adding, rows, removing", func(s *stream) {
			s.put(request(update, 0), &v30.MeasurementEnvelope{}, request(update, 1), &v30.MeasurementEnvelope{},
				request(update, 2), &v30.MeasurementEnvelope{DBName: "bench", MetricName: "configured_dbs", Data: configured},
				request(sync, 3), &v30.SyncReq{DbName: "bench", MetricName: "all_types", Operation: "add"},
				request(update, 4), old(allTypes), request(sync, 5), &v30.SyncReq{DbName: "bench", MetricName: "all_types", Operation: "remove"})
		}},
		{"pgwatch-v3.5-connection", "client to server, as v3.5", func(s *stream) {
			s.put(request(sync, 0), &v35.SyncReq{DbName: "bench", MetricName: "all_types"}, request(update, 1), old(allTypes),
				request(update, 2), old(perType...), request(sync, 3), &v35.SyncReq{DbName: "bench", MetricName: "all_types", Operation: 1})
		}},
		{"pgwatch-v3.7-connection", "client to server, as v3.7", func(s *stream) {
			s.put(request(sync, 0), &v36.SyncReq{DbName: "bench", MetricName: "all_types"}, request(update, 1), envelope(allTypes),
				request(update, 2), envelope(perType...), request(sync, 3), &v36.SyncReq{DbName: "bench", MetricName: "all_types", Operation: 1})
		}},
		{"pgwatch-v3.7-orphan-first", "the first header has no body, only type definitions; then a good call", func(s *stream) {
			s.put(request(update, 0))
			s.lose(unencodable)
			s.put(request(update, 1), envelope(perType[0]))
		}},
		{"pgwatch-v3.7-orphan-middle", "headers without body, one and two in a row, before an update and before another method", func(s *stream) {
			s.put(request(update, 0), envelope(perType[0]), request(update, 1))
			s.lose(unencodable)
			s.put(request(update, 2), envelope(perType[1]), request(update, 3))
			s.lose(unencodable)
			s.put(request(update, 4))
			s.lose(unencodable)
			s.put(request(sync, 5), &v36.SyncReq{DbName: "bench", MetricName: "wal"}, request(update, 6))
			s.lose(unencodable)
			s.put(request(update, 7), envelope(allTypes))
		}},
	}
}

// crafted streams are right, but Go's encoder would not write them so.
func crafted() []Case {
	return []Case{
		{"crafted-text-marshaler", "the wire type for text marshalers, which Go never sends; then a struct holding one beside an int", func(s *stream) {
			// Message 1 defines type 65 (text marshaler "Level"), 2 the value;
			// 3 defines struct 66 "Log" {Level 65; Code int}, 4 the value.
			definition := append([]byte{0xff, 0x81, 7, 1, 1}, "\x05Level\x01\xff\x82\x00\x00\x00"...)
			s.message(definition)
			s.message(append([]byte{0xff, 0x82, 0}, "\x04warn"...))
			definition = append([]byte{0xff, 0x83, 3, 1, 1}, "\x03Log\x01\xff\x84\x00\x01\x02\x01\x05Level\x01\xff\x82\x00\x01\x04Code\x01\x04\x00\x00\x00"...)
			s.message(definition)
			s.message(append([]byte{0xff, 0x84, 1}, "\x04info\x01\x0a\x00"...))
			s.noGo = true
		}},
		{"crafted-long-integers", "integers in more bytes than needed", func(s *stream) {
			s.message([]byte{0xfe, 0, 4, 0xff, 0, 0xfe, 0, 10}) // int 5
			s.expect(5)
			s.message([]byte{6 << 1, 0xf8, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 2, 'h', 'i'}) // string "hi"
			s.expect("hi")
		}},
		{"crafted-zero-fields", "fields that are zero and yet sent", func(s *stream) {
			s.put(kinds.Point{X: 1, Y: 2})
			s.message([]byte{0xff, 0x80, 1, 0, 1, 0, 0})
			s.noGo = true
		}},
		{"crafted-unused-type", "a type definition that nothing uses, between two values", func(s *stream) {
			s.put("before")
			s.message(append([]byte{0xff, 0xc7, 2, 1, 1}, "\x06Unused\x01\xff\xc8\x00\x01\x04\x00\x00"...)) // type 100: []int
			s.put("after")
		}},
	}
}

// message appends a message whose length takes one byte.
func (s *stream) message(content []byte) {
	s.buf.WriteByte(byte(len(content)))
	s.buf.Write(content)
}
