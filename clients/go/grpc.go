package pgwatchrpc

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/structpb"
)

type grpcTransport struct {
	target target
	conn   *grpc.ClientConn
}

func newGRPC(t target) (*grpcTransport, error) {
	secure := insecure.NewCredentials()
	if t.tls != nil {
		secure = credentials.NewTLS(t.tls)
	}
	// passthrough: the address as it is, so that an error names it and no other resolver is asked
	conn, err := grpc.NewClient("passthrough:///"+t.address,
		grpc.WithTransportCredentials(secure),
		grpc.WithContextDialer(func(ctx context.Context, address string) (net.Conn, error) {
			return dialer.DialContext(ctx, "tcp", address)
		}),
		grpc.WithDefaultCallOptions(grpc.ForceCodec(rawCodec{})))
	if err != nil {
		return nil, fmt.Errorf("pgwatchrpc: %w", err)
	}
	return &grpcTransport{target: t, conn: conn}, nil
}

func (g *grpcTransport) write(ctx context.Context, envelope *Envelope) (string, error) {
	var message []byte
	message = appendText(message, 1, envelope.DBName)
	message = appendText(message, 2, envelope.MetricName)
	for name, value := range envelope.CustomTags {
		entry := appendText(appendText(nil, 1, name), 2, value)
		message = protowire.AppendBytes(protowire.AppendTag(message, 3, protowire.BytesType), entry)
	}
	for i, row := range envelope.Data {
		encoded, err := encodeRow(row)
		if err != nil {
			return "", lasting{fmt.Errorf("pgwatchrpc: row %d: %w", i, err)}
		}
		message = protowire.AppendBytes(protowire.AppendTag(message, 4, protowire.BytesType), encoded)
	}
	return g.call(ctx, "/Receiver/UpdateMeasurements", message)
}

func (g *grpcTransport) sync(ctx context.Context, dbName, metricName string, operation Operation) (string, error) {
	message := appendText(appendText(nil, 1, dbName), 2, metricName)
	message = protowire.AppendVarint(protowire.AppendTag(message, 3, protowire.VarintType), uint64(operation))
	return g.call(ctx, "/Receiver/SyncMetric", message)
}

func (g *grpcTransport) call(ctx context.Context, method string, message []byte) (string, error) {
	ctx = metadata.AppendToOutgoingContext(ctx, "username", g.target.username, "password", g.target.key)
	var reply []byte
	err := g.conn.Invoke(ctx, method, message, &reply)
	if err != nil {
		switch status.Code(err) {
		case codes.Unavailable, codes.ResourceExhausted, codes.DeadlineExceeded, codes.Aborted:
			return "", authority(err)
		default:
			return "", lasting{err}
		}
	}
	text, err := logMessage(reply)
	if err != nil {
		return "", lasting{fmt.Errorf("pgwatchrpc: reply: %w", err)}
	}
	return text, nil
}

func (g *grpcTransport) close() error { return g.conn.Close() }

func appendText(message []byte, field protowire.Number, text string) []byte {
	if text == "" {
		return message
	}
	return protowire.AppendString(protowire.AppendTag(message, field, protowire.BytesType), text)
}

// encodeRow writes a google.protobuf.Struct: every number is a double on this wire, and bytes are text in base64.
func encodeRow(row map[string]any) ([]byte, error) {
	fields := make(map[string]*structpb.Value, len(row))
	for name, value := range row {
		var encoded *structpb.Value
		switch v := value.(type) {
		case []any, map[string]any:
			var err error
			if encoded, err = structpb.NewValue(v); err != nil {
				encoded = structpb.NewStringValue(fmt.Sprint(plain(v)))
			}
		default:
			encoded = scalar(plain(v))
		}
		fields[name] = encoded
	}
	return proto.Marshal(&structpb.Struct{Fields: fields})
}

func scalar(value any) *structpb.Value {
	switch v := value.(type) {
	case nil:
		return structpb.NewNullValue()
	case []byte:
		return structpb.NewStringValue(base64.StdEncoding.EncodeToString(v))
	case int8:
		return structpb.NewNumberValue(float64(v))
	case int16:
		return structpb.NewNumberValue(float64(v))
	case uint8:
		return structpb.NewNumberValue(float64(v))
	case uint16:
		return structpb.NewNumberValue(float64(v))
	}
	encoded, err := structpb.NewValue(value)
	if err != nil {
		return structpb.NewStringValue(fmt.Sprint(value)) // text that is not UTF-8
	}
	return encoded
}

// logMessage reads Reply{string logmsg = 1}.
func logMessage(reply []byte) (string, error) {
	text := ""
	for len(reply) > 0 {
		field, kind, n := protowire.ConsumeTag(reply)
		if n < 0 {
			return "", protowire.ParseError(n)
		}
		reply = reply[n:]
		if field == 1 && kind == protowire.BytesType {
			text, n = protowire.ConsumeString(reply)
		} else {
			n = protowire.ConsumeFieldValue(field, kind, reply)
		}
		if n < 0 {
			return "", protowire.ParseError(n)
		}
		reply = reply[n:]
	}
	return text, nil
}

// rawCodec carries messages that are encoded already. Generated messages of the names that pgwatch uses would be
// registered a second time in pgwatch itself, and protobuf ends a program for that.
type rawCodec struct{}

var errNotBytes = errors.New("pgwatchrpc: message is not []byte")

func (rawCodec) Name() string { return "proto" }

func (rawCodec) Marshal(message any) ([]byte, error) {
	bytes, ok := message.([]byte)
	if !ok {
		return nil, errNotBytes
	}
	return bytes, nil
}

func (rawCodec) Unmarshal(data []byte, message any) error {
	bytes, ok := message.(*[]byte)
	if !ok {
		return errNotBytes
	}
	*bytes = append([]byte(nil), data...)
	return nil
}
