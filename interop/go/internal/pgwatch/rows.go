package pgwatch

import (
	"math"
	"strconv"
	"strings"
)

// SeqColumn numbers the rows, so that a checker can count them.
const SeqColumn = "seq_no"

// Row makes the row with a number: a column for each type that a row of
// pgwatch can hold. The values run through the edges of their types with the
// number, and are the same for the same number.
func Row(seq, epochNs int64) map[string]any {
	return map[string]any{
		"epoch_ns":  epochNs,
		SeqColumn:   seq,
		"tag_shard": "shard-" + strconv.FormatInt(seq%7, 10),
		"v_bool":    seq%2 == 0,
		"v_int":     pick(seq, 0, 1, -1, math.MaxInt, math.MinInt, int(seq)),
		"v_int16":   pick[int16](seq, 0, -1, math.MaxInt16, math.MinInt16, 256),
		"v_int32":   pick[int32](seq, 0, -1, math.MaxInt32, math.MinInt32, 65536),
		"v_int64":   pick[int64](seq, 0, -1, math.MaxInt64, math.MinInt64, 9007199254740993, seq),
		"v_uint32":  pick[uint32](seq, 0, 1, math.MaxUint32, 128),
		"v_uint64":  pick[uint64](seq, 0, 127, math.MaxUint64, 1<<63),
		"v_float32": pick(seq, 0, 0.1, -17.5, float32(math.Inf(1)), float32(math.NaN())),
		"v_float64": pick(seq, 0, 17.5, math.Copysign(0, -1), math.NaN(), math.Inf(1), math.Inf(-1),
			math.SmallestNonzeroFloat64, math.MaxFloat64, 0.1, float64(seq)),
		"v_string": pick(seq, "", "text", "naïve ☃ 𝄞 \"q\" \\ /", "a\x00b", "line\nfeed\ttab", strings.Repeat("long ", 60)),
		"v_bytes":  pick(seq, []byte{}, []byte{0}, []byte{0xff, 0, 0x80, 'x'}),
		"v_nil":    nil,
	}
}

func pick[T any](seq int64, values ...T) T { return values[uint64(seq)%uint64(len(values))] }

// Unencodable gives, in turn, the values of the types that PostgreSQL columns
// have in pgwatch and that gob refuses, as nobody registered them.
func Unencodable(n int64) any {
	type Numeric struct {
		Digits string
		Exp    int32
	}
	type Interval struct{ Microseconds, Days, Months int64 }
	return pick[any](n, Numeric{"1", -2}, []any{int32(1), int32(2)}, map[string]any{"json": true}, [16]byte{1}, &Interval{Days: 1})
}

// Tags are the custom tags of a source.
func Tags() map[string]string {
	return map[string]string{"env": "test", "empty": "", "ключ ✓": "значение ☃"}
}
