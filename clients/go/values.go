package pgwatchrpc

import (
	"encoding"
	"encoding/json"
	"fmt"
	"math/big"
	"time"
)

// plain makes of a value one that both protocols can carry: nil, bool, the integers, float32, float64, string, []byte.
// Other values become text, a time as RFC 3339, the rest as JSON. An unregistered type in a row would otherwise leave
// net/rpc's stream with a call that has a header and no body.
func plain(value any) any {
	switch v := value.(type) {
	case nil, bool, int, int8, int16, int32, int64, uint, uint8, uint16, uint32, uint64, float32, float64, string, []byte:
		return v
	case time.Time:
		return v.Format(time.RFC3339Nano)
	case time.Duration:
		return v.String()
	case *big.Int:
		return v.String()
	case encoding.TextMarshaler:
		if text, err := v.MarshalText(); err == nil {
			return string(text)
		}
	}
	if text, err := json.Marshal(value); err == nil {
		return string(text)
	}
	return fmt.Sprint(value)
}

func plainRow(row map[string]any) map[string]any {
	for _, value := range row {
		if !isPlain(value) {
			copied := make(map[string]any, len(row))
			for name, value := range row {
				copied[name] = plain(value)
			}
			return copied
		}
	}
	return row
}

func isPlain(value any) bool {
	switch value.(type) {
	case nil, bool, int, int8, int16, int32, int64, uint, uint8, uint16, uint32, uint64, float32, float64, string, []byte:
		return true
	}
	return false
}
