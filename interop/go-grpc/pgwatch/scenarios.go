package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/encoding/gzip"
	"google.golang.org/grpc/health/grpc_health_v1"
	reflectionv1 "google.golang.org/grpc/reflection/grpc_reflection_v1"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"

	"pgwatchrpc/interop-grpc/pb"
)

var scenarios = map[string]func(*session) error{
	"v5":       v5,
	"v6":       v6,
	"errors":   errors,
	"services": services,
	"restart":  restart,
}

const noRows = "no data provided; nothing to store"

// v5 is what pgwatch 4 and 5 do: a ping, the definitions, the metrics of each source, measurements, the end of a source.
func v5(s *session) error {
	if err := s.begin(); err != nil {
		return err
	}
	for _, metric := range []string{"interop", "second", "third"} {
		if err := s.sync(metric, pb.SyncOp_AddOp); err != nil {
			return err
		}
	}
	for call := 0; call < s.calls; call++ {
		if err := s.update(call); err != nil {
			return err
		}
	}
	empty := &pb.MeasurementEnvelope{DBName: "db", MetricName: "could not be encoded"}
	reply, err := s.receiver.UpdateMeasurements(s.ctx, empty)
	if err != nil || reply.Logmsg != noRows {
		return fmt.Errorf("an envelope without rows: %v, %v", reply, err)
	}
	return s.sync("", pb.SyncOp_DeleteOp)
}

// v6 sends measurements first, and every Add again at each refresh.
func v6(s *session) error {
	if err := s.update(0); err != nil {
		return err
	}
	for call := 1; call < s.calls; call++ {
		if err := s.sync("interop", pb.SyncOp_AddOp); err != nil {
			return err
		}
		if err := s.update(call); err != nil {
			return err
		}
	}
	return s.begin()
}

func (s *session) begin() error {
	reply, err := s.receiver.SyncMetric(s.ctx, &pb.SyncReq{})
	if err != nil || reply.Logmsg != "" {
		return fmt.Errorf("ping: %v, %v", reply, err)
	}
	definitions, err := allDefinitions(s.definitions)
	if err != nil {
		return err
	}
	if _, err := s.receiver.DefineMetrics(s.ctx, definitions); err != nil {
		return fmt.Errorf("DefineMetrics: %w", err)
	}
	return nil
}

func (s *session) sync(metric string, operation pb.SyncOp) error {
	request := &pb.SyncReq{DBName: fmt.Sprintf("db%d", s.number), MetricName: metric, Operation: operation}
	if _, err := s.receiver.SyncMetric(s.ctx, request); err != nil {
		return fmt.Errorf("SyncMetric %v: %w", request, err)
	}
	return nil
}

func (s *session) update(call int, opts ...grpc.CallOption) error {
	envelope, numbers, err := s.envelope(call)
	if err != nil {
		return err
	}
	if _, err := s.receiver.UpdateMeasurements(s.ctx, envelope, opts...); err != nil {
		return fmt.Errorf("UpdateMeasurements %d: %w", call, err)
	}
	s.accepted = append(s.accepted, numbers...)
	return nil
}

// errors makes every call that must be refused, each followed by one that must succeed on the same connection.
func errors(s *session) error {
	good, _, err := s.envelope(0)
	if err != nil {
		return err
	}
	call := 0
	refused := func(what string, code codes.Code, text string, do func() error) error {
		err := do()
		if status.Code(err) != code || !strings.Contains(status.Convert(err).Message(), text) {
			return fmt.Errorf("%s: %v (expected: %v %s)", what, err, code, text)
		}
		call++
		if err := s.update(call - 1); err != nil {
			return fmt.Errorf("after %s: %w", what, err)
		}
		return nil
	}
	update := func(ctx context.Context, change func(*pb.MeasurementEnvelope), opts ...grpc.CallOption) func() error {
		return func() error {
			envelope := proto.Clone(good).(*pb.MeasurementEnvelope)
			change(envelope)
			_, err := s.receiver.UpdateMeasurements(ctx, envelope, opts...)
			return err
		}
	}
	huge := func(e *pb.MeasurementEnvelope) { e.CustomTags["huge"] = strings.Repeat("x", 20<<20) }
	short, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	steps := []error{
		refused("no database", codes.InvalidArgument, "empty database name",
			update(s.ctx, func(e *pb.MeasurementEnvelope) { e.DBName = "" })),
		refused("no metric", codes.InvalidArgument, "empty metric name",
			update(s.ctx, func(e *pb.MeasurementEnvelope) { e.MetricName = "" })),
		refused("oversize", codes.ResourceExhausted, "(expected: <= 16777216)", update(s.ctx, huge)),
		refused("oversize, packed", codes.ResourceExhausted, "unpacked: more than ",
			update(s.ctx, huge, grpc.UseCompressor(gzip.Name))),
		refused("deadline", codes.DeadlineExceeded, "",
			update(short, func(e *pb.MeasurementEnvelope) { e.MetricName = "never answered" })),
		refused("unknown method", codes.Unimplemented, "unknown method Other for service Receiver", func() error {
			return s.conn.Invoke(s.ctx, "/Receiver/Other", &pb.SyncReq{}, &pb.Reply{})
		}),
		refused("unknown service", codes.Unimplemented, "unknown service some.Other", func() error {
			return s.conn.Invoke(s.ctx, "/some.Other/Method", &pb.SyncReq{}, &pb.Reply{})
		}),
		refused("not a message", codes.InvalidArgument, "protobuf: ", func() error {
			// a SyncReq whose text has the number of the envelope's rows
			odd := &descriptorpb.FileDescriptorProto{MessageType: []*descriptorpb.DescriptorProto{{Name: proto.String("?")}},
				Name: proto.String("x"), Package: proto.String("y")}
			return s.conn.Invoke(s.ctx, "/Receiver/UpdateMeasurements", odd, &pb.Reply{})
		}),
	}
	for _, each := range steps {
		if each != nil {
			return each
		}
	}
	return s.update(call, grpc.UseCompressor(gzip.Name))
}

// services asks for health, and learns by reflection alone what the receiver's methods take.
func services(s *session) error {
	health, err := grpc_health_v1.NewHealthClient(s.conn).Check(s.ctx, &grpc_health_v1.HealthCheckRequest{Service: "Receiver"})
	if err != nil || health.Status != grpc_health_v1.HealthCheckResponse_SERVING {
		return fmt.Errorf("health: %v, %v", health, err)
	}
	list, err := grpc_health_v1.NewHealthClient(s.conn).List(s.ctx, &grpc_health_v1.HealthListRequest{})
	if err != nil || list.Statuses["Receiver"].GetStatus() != grpc_health_v1.HealthCheckResponse_SERVING {
		return fmt.Errorf("list of health: %v, %v", list, err)
	}
	watch, err := grpc_health_v1.NewHealthClient(s.conn).Watch(s.ctx, &grpc_health_v1.HealthCheckRequest{})
	if err != nil {
		return err
	}
	if health, err = watch.Recv(); err != nil || health.Status != grpc_health_v1.HealthCheckResponse_SERVING {
		return fmt.Errorf("watched health: %v, %v", health, err)
	}

	stream, err := reflectionv1.NewServerReflectionClient(s.conn).ServerReflectionInfo(s.ctx)
	if err != nil {
		return err
	}
	for _, symbol := range []string{"Receiver", "Receiver.DefineMetrics", "MeasurementEnvelope", "SyncOp"} {
		question := &reflectionv1.ServerReflectionRequest{
			MessageRequest: &reflectionv1.ServerReflectionRequest_FileContainingSymbol{FileContainingSymbol: symbol}}
		if err := stream.Send(question); err != nil {
			return err
		}
		answer, err := stream.Recv()
		if err != nil {
			return err
		}
		if err := checkFiles(symbol, answer.GetFileDescriptorResponse().GetFileDescriptorProto()); err != nil {
			return err
		}
	}
	return stream.CloseSend()
}

func checkFiles(symbol string, files [][]byte) error {
	set := &descriptorpb.FileDescriptorSet{}
	for _, bytes := range files {
		file := &descriptorpb.FileDescriptorProto{}
		if err := proto.Unmarshal(bytes, file); err != nil {
			return err
		}
		set.File = append(set.File, file)
	}
	registry, err := protodesc.NewFiles(set)
	if err != nil {
		return err
	}
	found, err := registry.FindDescriptorByName("Receiver")
	if err != nil {
		return fmt.Errorf("%s: %w", symbol, err)
	}
	method := found.(protoreflect.ServiceDescriptor).Methods().ByName("DefineMetrics")
	if method == nil || method.Input().FullName() != "google.protobuf.Struct" {
		return fmt.Errorf("%s: method DefineMetrics: %v", symbol, method)
	}
	return nil
}

// restart calls on until every row has been accepted, whatever happens to the receiver meanwhile. As pgwatch, it does not
// try a call again: rows of a call that failed get new numbers.
func restart(s *session) error {
	for call, accepted := 0, 0; accepted < s.calls; call++ {
		err := s.update(call)
		switch {
		case err == nil:
			accepted++
		case status.Code(err) == codes.Unavailable:
			time.Sleep(20 * time.Millisecond)
		default:
			return err
		}
	}
	return nil
}
