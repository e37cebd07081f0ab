package main

import (
	"fmt"
	"math"
	"strings"

	"google.golang.org/protobuf/types/known/structpb"

	"pgwatchrpc/interop-grpc/pb"
)

const epoch = 1763839200123456789

// rowNumber is different for each row of a run, whatever its connection.
func (s *session) rowNumber(call, row int) int {
	return (s.number*s.calls+call)*s.rows + row
}

// row is what pgwatch hands to structpb: values as its database driver gives them.
func row(number int) map[string]any {
	return map[string]any{
		"epoch_ns":    int64(epoch),
		"tag_number":  fmt.Sprint(number),
		"i0":          int64(number),
		"whole":       float64(2),
		"fraction":    0.25,
		"yes":         true,
		"text":        "grün",
		"null":        nil,
		"nan":         math.NaN(),
		"infinity":    math.Inf(1),
		"minus":       math.Inf(-1),
		"list":        []any{1, "two", nil, []any{}},
		"object":      map[string]any{"a": map[string]any{"b": false}},
		"bytes":       []byte{1, 2, 3},
		"empty_thing": "",
	}
}

func (s *session) envelope(call int) (*pb.MeasurementEnvelope, []int, error) {
	e := &pb.MeasurementEnvelope{
		DBName:     fmt.Sprintf("db%d", s.number),
		MetricName: "interop",
		CustomTags: map[string]string{"env": "test", "empty": ""},
	}
	numbers := []int{}
	for i := 0; i < s.rows; i++ {
		number := s.rowNumber(call, i)
		fields, err := structpb.NewStruct(row(number))
		if err != nil {
			return nil, nil, err
		}
		e.Data = append(e.Data, fields)
		numbers = append(numbers, number)
	}
	return e, numbers, nil
}

// allDefinitions has as many metrics as make about so many bytes.
func allDefinitions(bytes int) (*structpb.Struct, error) {
	metrics := map[string]any{}
	presets := map[string]any{}
	intervals := map[string]any{}
	for i := 0; i*2000 < bytes; i++ {
		name := fmt.Sprintf("metric_%03d", i)
		metrics[name] = map[string]any{
			"Description":     "about " + name,
			"SQLs":            map[string]any{"11": "select " + strings.Repeat("x", 1500), "14": "select 2"},
			"InitSQL":         "",
			"NodeStatus":      "primary",
			"Gauges":          []any{"*"},
			"IsInstanceLevel": i%2 == 0,
			"StorageName":     "",
		}
		metrics[name+"_bare"] = map[string]any{"Gauges": nil}
		intervals[name] = 60
	}
	presets["all"] = map[string]any{"Description": "everything", "Metrics": intervals}
	return structpb.NewStruct(map[string]any{"MetricDefs": metrics, "PresetDefs": presets})
}
