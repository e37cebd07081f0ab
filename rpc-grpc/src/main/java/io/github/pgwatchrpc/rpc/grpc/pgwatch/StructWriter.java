package io.github.pgwatchrpc.rpc.grpc.pgwatch;

import io.github.pgwatchrpc.rpc.grpc.protobuf.ProtoWriter;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Writes values of the model as {@code google.protobuf.Value} and its parts, with the numbers of their fields
 * (struct.proto); the reverse of {@link StructValues}.
 */
final class StructWriter {

    /** Entries of {@code Struct} and elements of {@code ListValue}. */
    static final int ELEMENT = 1;

    /** Fields of a map's entry. */
    static final int KEY = 1;

    static final int VALUE = 2;

    private static final int NULL = 1;
    private static final int NUMBER = 2;
    private static final int STRING = 3;
    private static final int BOOL = 4;
    private static final int STRUCT = 5;
    private static final int LIST = 6;

    private StructWriter() {}

    static void number(ProtoWriter out, double number) {
        out.fixed64(NUMBER, Double.doubleToRawLongBits(number));
    }

    static void bool(ProtoWriter out, boolean value) {
        out.varint(BOOL, value ? 1 : 0);
    }

    /** Writes the one field that a Value has. */
    static void value(ProtoWriter out, @Nullable Object value) {
        if (value == null) {
            out.varint(NULL, 0);
        } else if (value instanceof String text) {
            out.text(STRING, text);
        } else if (value instanceof Number number) {
            number(out, number.doubleValue());
        } else if (value instanceof Boolean truth) {
            bool(out, truth);
        } else if (value instanceof byte[] bytes) {
            out.text(STRING, Base64.getEncoder().encodeToString(bytes));
        } else if (value instanceof List<?> list) {
            int begin = out.begin(LIST);
            for (Object each : list) {
                int element = out.begin(ELEMENT);
                value(out, each);
                out.end(element);
            }
            out.end(begin);
        } else if (value instanceof Map<?, ?> map) {
            int begin = out.begin(STRUCT);
            fields(out, map);
            out.end(begin);
        } else {
            throw new IllegalArgumentException(
                    "value: " + value.getClass().getName() + " (expected: a type of the model)");
        }
    }

    /** Writes the entries of a Struct. */
    static void fields(ProtoWriter out, Map<?, ?> fields) {
        fields.forEach((name, value) -> {
            int entry = out.begin(ELEMENT);
            out.text(KEY, (String) name);
            int inner = out.begin(VALUE);
            value(out, value);
            out.end(inner).end(entry);
        });
    }
}
