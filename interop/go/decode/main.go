// Command decode reads a gob stream from standard input with Go's own decoder,
// into Go types named by -as, and prints what it found in the form of the
// golden vectors' truth. It fails when Go cannot read the stream, and when the
// stream has bytes that Go would have passed over.
package main

import (
	"bytes"
	"encoding/gob"
	"flag"
	"fmt"
	"io"
	"log"
	"math/big"
	"net/rpc"
	"os"
	"reflect"
	"sort"
	"strings"
	"time"

	"pgwatchrpc/interop/internal/kinds"
	"pgwatchrpc/interop/internal/pgwatch/v30"
	"pgwatchrpc/interop/internal/pgwatch/v35"
	"pgwatchrpc/interop/internal/pgwatch/v36"
	"pgwatchrpc/interop/internal/tagged"
	"pgwatchrpc/interop/internal/wire"
)

// wireOnly asks for what the stream says of itself, without Go's decoder.
const wireOnly = "wire"

func typeOf[T any]() reflect.Type { return reflect.TypeOf((*T)(nil)).Elem() }

var schemas = map[string]reflect.Type{
	"any":    typeOf[any](),
	"bool":   typeOf[bool](),
	"int":    typeOf[int64](),
	"uint":   typeOf[uint64](),
	"float":  typeOf[float64](),
	"string": typeOf[string](), "bytes": typeOf[[]byte](), "complex": typeOf[complex128](),
	"ints": typeOf[[]int64](), "strings": typeOf[[]string](), "anys": typeOf[[]any](), "array3": typeOf[[3]int](),
	"map-string-string": typeOf[map[string]string](), "map-string-int": typeOf[map[string]int](),
	"map-string-any": typeOf[map[string]any](), "map-point-string": typeOf[map[kinds.Point]string](),
	"time": typeOf[time.Time](), "big-int": typeOf[big.Int](),
	"version": typeOf[kinds.Version](), "color": typeOf[kinds.Color](),

	"args": typeOf[kinds.Args](), "quotient": typeOf[kinds.Quotient](), "holder": typeOf[kinds.Holder](),
	"empty": typeOf[kinds.Empty](), "point": typeOf[kinds.Point](), "person": typeOf[kinds.Person](),
	"node": typeOf[kinds.Node](), "tree": typeOf[kinds.Tree](), "parent": typeOf[kinds.Parent](),
	"menu": typeOf[kinds.Menu](), "nested": typeOf[kinds.Nested](),
	"kitchen-sink": typeOf[kinds.KitchenSink](), "opaques": typeOf[kinds.Opaques](), "times": typeOf[kinds.Times](),
	"account-v1": typeOf[kinds.AccountV1](), "account-v2": typeOf[kinds.AccountV2](), "skipping": typeOf[kinds.Skipping](),

	"request": typeOf[rpc.Request](), "response": typeOf[rpc.Response](),
	"envelope-v3.0": typeOf[v30.MeasurementEnvelope](), "sync-v3.0": typeOf[v30.SyncReq](),
	"envelope-v3.5": typeOf[v35.MeasurementEnvelope](), "sync-v3.5": typeOf[v35.SyncReq](),
	"envelope-v3.7": typeOf[v36.MeasurementEnvelope](), "sync-v3.7": typeOf[v36.SyncReq](),
}

func main() {
	log.SetFlags(0)
	as := flag.String("as", wireOnly, "names of the types to decode into, separated by commas and used in turn: "+names())
	flag.StringVar(as, "into", wireOnly, "the same as -as")
	flag.Parse()
	stream, err := io.ReadAll(os.Stdin)
	if err != nil {
		log.Fatal("decode: ", err)
	}
	entries, err := decode(stream, strings.Split(*as, ","))
	if err != nil {
		log.Fatal("decode: ", err)
	}
	if _, err := os.Stdout.Write(tagged.MarshalEntries(entries)); err != nil {
		log.Fatal("decode: ", err)
	}
}

func names() string {
	all := []string{wireOnly}
	for name := range schemas {
		all = append(all, name)
	}
	sort.Strings(all)
	return strings.Join(all, " ")
}

func decode(stream []byte, as []string) ([]tagged.Entry, error) {
	if len(as) == 1 && as[0] == wireOnly {
		return wire.Read(stream)
	}
	var values []any
	for dec := gob.NewDecoder(bytes.NewReader(stream)); ; {
		name := as[len(values)%len(as)]
		t := schemas[name]
		if t == nil {
			return nil, fmt.Errorf("unknown type: %q (expected: one of %s)", name, names())
		}
		v := reflect.New(t)
		if err := dec.DecodeValue(v); err == io.EOF {
			break
		} else if err != nil {
			return nil, fmt.Errorf("value %d as %s: %w", len(values), name, err)
		}
		values = append(values, tagged.OfGo(v.Interface()))
	}
	// Go's decoder leaves bytes unread and does not tell; this reader does.
	entries, err := wire.Read(stream)
	if err != nil {
		return nil, fmt.Errorf("read by Go, but not well-formed: %w", err)
	}
	if len(entries) != len(values) {
		return nil, fmt.Errorf("values: %d by Go, %d on the wire", len(values), len(entries))
	}
	for i, v := range values {
		// Where both agree the wire's view is printed, as in the vectors: it
		// has the names that the stream gives, not those of the Go types.
		if !tagged.Same(entries[i].Value, v) {
			entries[i].Value = v
		}
	}
	return entries, nil
}
