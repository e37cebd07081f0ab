package pgwatch

import (
	"encoding/hex"
	"fmt"
	"reflect"
	"strconv"
)

// Typed turns the argument of a call into what is written down as JSON: an
// object with all fields; what is held by an interface, and the operation of a
// SyncReq, as {"t": Go type, "v": text} or {"t": "nil"}. Bytes are hex, floats
// in Go's shortest form. Nil lists and maps are null, but for the SQLs of a
// metric, which are {}.
func Typed(args any) any {
	return typed(reflect.Indirect(reflect.ValueOf(args)))
}

func typed(v reflect.Value) any {
	switch v.Kind() {
	case reflect.Interface:
		if v.IsNil() {
			return map[string]any{"t": "nil"}
		}
		return scalar(v.Elem())
	case reflect.Struct:
		out := map[string]any{}
		for i := 0; i < v.NumField(); i++ {
			name := v.Type().Field(i).Name
			switch name {
			case "Operation":
				out[name] = scalar(v.Field(i))
			default:
				out[name] = typed(v.Field(i))
			}
		}
		return out
	case reflect.Map:
		if v.IsNil() && v.Type().Name() != "SQLs" {
			return nil
		}
		out := map[string]any{}
		for it := v.MapRange(); it.Next(); {
			out[fmt.Sprint(it.Key())] = typed(it.Value())
		}
		return out
	case reflect.Slice:
		if v.IsNil() {
			return nil
		}
		out := make([]any, v.Len())
		for i := range out {
			out[i] = typed(v.Index(i))
		}
		return out
	}
	return v.Interface()
}

func scalar(v reflect.Value) any {
	name, text := v.Type().String(), fmt.Sprint(v)
	switch v.Kind() {
	case reflect.Slice:
		if b, ok := v.Interface().([]byte); ok {
			name, text = "[]byte", hex.EncodeToString(b)
		}
	case reflect.Float32:
		text = strconv.FormatFloat(v.Float(), 'g', -1, 32)
	case reflect.Float64:
		text = strconv.FormatFloat(v.Float(), 'g', -1, 64)
	}
	return map[string]any{"t": name, "v": text}
}
