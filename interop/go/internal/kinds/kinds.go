// Package kinds holds the Go types that the vectors, the server and the
// decoder share: one for everything that gob can tell apart.
//
// Names, field names and field order are what a peer sees; change none of them
// without writing the vectors anew.
package kinds

import (
	"errors"
	"math/big"
	"net/netip"
	"net/url"
	"time"

	"pgwatchrpc/interop/internal/tagged"
)

// Types that may be held by an interface, by the name they travel under.
// RegisteredPoint and its pointer sister show names as Go makes them by
// itself; the others are named by hand, so that they are easy to type.
func init() {
	tagged.Register("interop.Point", Point{})
	tagged.Register("interop.Person", Person{})
	tagged.Register("interop.Node", Node{})
	tagged.Register("interop.Box", Box{})
	tagged.Register("interop.Celsius", Celsius(0))
	tagged.Register("interop.Version", Version{})
	tagged.Register("interop.Color", Color{})
	tagged.Register("interop.KitchenSink", KitchenSink{})
	tagged.Register("pgwatchrpc/interop/internal/kinds.RegisteredPoint", RegisteredPoint{})
	tagged.Register("*kinds.PointerPoint", &PointerPoint{})
	tagged.Register("time.Time", time.Time{})
	tagged.Register("*big.Int", &big.Int{})
	tagged.Register("[]interface {}", []any(nil))
	tagged.Register("map[string]interface {}", map[string]any(nil))
	tagged.Register("map[string]int", map[string]int(nil))
	tagged.Register("[3]int", [3]int{})
}

// Arguments and answers of the service Arith.
type (
	Args     struct{ A, B int }
	Quotient struct{ Quo, Rem int }
)

// Holder carries any one value, for the service Echo.
type Holder struct{ Value any }

type (
	Point  struct{ X, Y int }
	Empty  struct{}
	Person struct {
		Name   string
		Age    int
		Emails []string
		Home   *Point
	}
	// Box holds another interface value, so that interfaces can be nested.
	Box             struct{ Content any }
	RegisteredPoint struct{ X, Y int }
	PointerPoint    struct{ X, Y int }
	Celsius         float64
	Labels          map[string]string
	Names           []string
)

// Recursive types.
type (
	Node struct {
		Value int
		Next  *Node
	}
	Tree struct {
		Label       string
		Left, Right *Tree
	}
	Parent struct {
		Name     string
		Children []Child
	}
	Child struct {
		Name   string
		Parent *Parent
	}
	Menu   map[string]Menu
	Nested []Nested
)

type Embedded struct {
	Id    int
	Label string
}

// KitchenSink has a field of every kind.
type KitchenSink struct {
	Bool       bool
	Int        int
	Int8       int8
	Int16      int16
	Int32      int32
	Int64      int64
	Uint       uint
	Uint8      uint8
	Uint16     uint16
	Uint32     uint32
	Uint64     uint64
	Uintptr    uintptr
	Float32    float32
	Float64    float64
	Complex64  complex64
	Complex128 complex128
	String     string
	Bytes      []byte

	IntArray   [3]int
	ByteArray  [4]byte
	PointArray [2]Point
	Matrix     [2][2]float64

	Strings       []string
	Floats        []float64
	Bools         []bool
	Blobs         [][]byte
	IntLists      [][]int
	Points        []Point
	PointPointers []*Point
	Anys          []any

	StringToString map[string]string
	IntToString    map[int]string
	StringToAny    map[string]any
	StringToPoint  map[string]Point
	PointToInt     map[Point]int
	StringToInts   map[string][]int

	Point             Point
	PointPointer      *Point
	IntPointer        *int
	IntPointerPointer **int
	List              *Node
	Tree              *Tree
	Empty             Empty
	Embedded
	Any any

	Time        time.Time
	TimePointer *time.Time
	Big         *big.Int
	Version     Version
	Color       Color
	Level       Level
}

// Sink fills a kitchen sink; no two fields hold the same.
func Sink() *KitchenSink {
	n := -1000000
	p := &n
	when := time.Date(2024, 2, 29, 12, 30, 45, 123456789, time.FixedZone("", 5*3600+1800))
	return &KitchenSink{
		Bool: true, Int: -1, Int8: -128, Int16: -32768, Int32: -2147483648, Int64: -9223372036854775808,
		Uint: 1, Uint8: 255, Uint16: 65535, Uint32: 4294967295, Uint64: 18446744073709551615, Uintptr: 4096,
		Float32: 0.1, Float64: 17.5, Complex64: 1 - 2i, Complex128: -0.5 + 1e300i,
		String: "снег ☃", Bytes: []byte{0, 1, 254, 255},
		IntArray: [3]int{7, 0, -7}, ByteArray: [4]byte{10, 0, 0, 1}, PointArray: [2]Point{{1, 2}, {0, 4}},
		Matrix:  [2][2]float64{{1, 0}, {0.25, -1}},
		Strings: []string{"a", "", "c"}, Floats: []float64{0, 1.5, -1e-300}, Bools: []bool{true, false, true},
		Blobs: [][]byte{{1}, nil, {2, 3}}, IntLists: [][]int{{1, 2}, nil, {3}},
		Points: []Point{{5, 6}, {}}, PointPointers: []*Point{{7, 8}},
		Anys:           []any{nil, true, "text", int16(-5), []byte{9}, Point{9, 10}, 2.5},
		StringToString: map[string]string{"k": "v", "empty": ""}, IntToString: map[int]string{-1: "minus", 0: "", 1: "plus"},
		StringToAny: map[string]any{"int": 1, "nil": nil, "text": "t"}, StringToPoint: map[string]Point{"p": {11, 12}},
		PointToInt: map[Point]int{{13, 14}: 15}, StringToInts: map[string][]int{"none": nil, "two": {1, 2}},
		Point: Point{16, 17}, PointPointer: &Point{18, 19}, IntPointer: p, IntPointerPointer: &p,
		List: &Node{1, &Node{2, nil}}, Tree: &Tree{"root", &Tree{Label: "left"}, &Tree{Label: "right"}},
		Embedded: Embedded{20, "base"}, Any: Person{Name: "Ada", Age: 36, Emails: []string{"ada@example.org"}, Home: &Point{21, 22}},
		Time: time.Date(2024, 2, 29, 12, 30, 45, 0, time.UTC), TimePointer: &when,
		Big:     new(big.Int).Neg(new(big.Int).Lsh(big.NewInt(1), 100)),
		Version: Version{3, 7}, Color: Color{255, 128, 0}, Level: 2,
	}
}

// Opaque types: what they write is theirs alone.

// Version is a GobEncoder with value methods.
type Version struct{ Major, Minor uint8 }

func (v Version) GobEncode() ([]byte, error) { return []byte{v.Major, v.Minor}, nil }

func (v *Version) GobDecode(b []byte) error {
	if len(b) != 2 {
		return errors.New("version: not two bytes")
	}
	v.Major, v.Minor = b[0], b[1]
	return nil
}

// Counter is a GobEncoder with pointer methods only; such a field is sent even
// when it is zero.
type Counter struct{ n uint8 }

func NewCounter(n uint8) Counter { return Counter{n} }

func (c *Counter) GobEncode() ([]byte, error) { return []byte{c.n}, nil }

func (c *Counter) GobDecode(b []byte) error {
	if len(b) != 1 {
		return errors.New("counter: not one byte")
	}
	c.n = b[0]
	return nil
}

// Secret is a GobEncoder whose underlying type is no struct.
type Secret string

func (s Secret) GobEncode() ([]byte, error) { return []byte("rot0:" + string(s)), nil }

func (s *Secret) GobDecode(b []byte) error {
	if len(b) < 5 {
		return errors.New("secret: too short")
	}
	*s = Secret(b[5:])
	return nil
}

// Color is a BinaryMarshaler.
type Color struct{ R, G, B uint8 }

func (c Color) MarshalBinary() ([]byte, error) { return []byte{c.R, c.G, c.B}, nil }

func (c *Color) UnmarshalBinary(b []byte) error {
	if len(b) != 3 {
		return errors.New("color: not three bytes")
	}
	c.R, c.G, c.B = b[0], b[1], b[2]
	return nil
}

// Level is a TextMarshaler, which gob ignores: on the wire it is an int.
type Level int

func (l Level) MarshalText() ([]byte, error) {
	if l == 2 {
		return []byte("warn"), nil
	}
	return []byte("info"), nil
}

func (l *Level) UnmarshalText(b []byte) error {
	*l = 1
	if string(b) == "warn" {
		*l = 2
	}
	return nil
}

// Opaques holds one of each, and some of the standard library's own.
type Opaques struct {
	Version        Version
	VersionPointer *Version
	Counter        Counter
	Secret         Secret
	Color          Color
	Level          Level
	Big            big.Int
	BigPointer     *big.Int
	Rat            *big.Rat
	Float          *big.Float
	Addr           netip.Addr
	URL            *url.URL
}

// Times holds time.Time wherever it can stand.
type Times struct {
	Value    time.Time
	Pointer  *time.Time
	List     []time.Time
	Array    [1]time.Time
	ByName   map[string]time.Time
	Any      any
	AnyList  []any
	Duration time.Duration
}

// Two versions of one struct, as two releases of a program would have them:
// a field gone, some new, the rest in another order.
type (
	AccountV1 struct {
		Name    string
		Balance int64
		Note    string
	}
	AccountV2 struct {
		Opened   time.Time
		Balance  int64
		Owners   []Person
		Extra    map[string]any
		Name     string
		Position *Point
	}
)

// Skipping has things of every kind before its last field, for a reader that
// wants only that one.
type Skipping struct {
	Sink     *KitchenSink
	Boxes    []Box
	Times    Times
	Opaques  Opaques
	Menu     Menu
	Nested   Nested
	Messages map[string][]any
	Last     string
}
