package io.github.pgwatchrpc.rpc.grpc.pgwatch;

import io.github.pgwatchrpc.rpc.grpc.protobuf.ProtoException;
import io.github.pgwatchrpc.rpc.grpc.protobuf.ProtoReader;
import io.github.pgwatchrpc.rpc.pgwatch.ModelMeter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Reads {@code google.protobuf.Struct}, {@code ListValue} and {@code Value} into maps, lists and values of the model: what
 * few rows hold (json and arrays), and the definitions. One a message: it counts values and depth.
 *
 * <p>Numbers are doubles, a Value without a kind is null, and where a map's key or a value's kind comes twice the last one
 * counts, as in every protobuf decoder.
 */
final class StructValues {

    /** Fields of {@code Struct} and {@code ListValue}: entries and elements. */
    static final int ELEMENT = 1 << 3 | 2;

    /** Fields of a map's entry. */
    static final int KEY = 1 << 3 | 2;

    static final int VALUE = 2 << 3 | 2;

    /** Fields of {@code Value}: which one is there tells the kind. */
    static final int NULL = 1 << 3;

    static final int NUMBER = 2 << 3 | 1;
    static final int STRING = 3 << 3 | 2;
    static final int BOOL = 4 << 3;
    static final int STRUCT = 5 << 3 | 2;
    static final int LIST = 6 << 3 | 2;

    private final ProtoReader in;
    private final ModelMeter meter;

    StructValues(ProtoReader in, ModelMeter meter) {
        this.in = in;
        this.meter = meter;
    }

    /** Reads a Struct that has been entered, or is the whole message. */
    Map<String, @Nullable Object> readStruct() throws ProtoException {
        return readStruct(meter.limits().depth());
    }

    /** Reads a ListValue that has been entered. */
    List<@Nullable Object> readList() throws ProtoException {
        return readList(meter.limits().depth());
    }

    private Map<String, @Nullable Object> readStruct(int depth) throws ProtoException {
        requireDepth(depth);
        Map<String, @Nullable Object> object = new LinkedHashMap<>();
        for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
            if (tag == ELEMENT) {
                int outer = in.enter();
                readEntry(object, depth);
                in.leave(outer);
            } else {
                in.skip(tag);
            }
        }
        return object;
    }

    private void readEntry(Map<String, @Nullable Object> object, int depth) throws ProtoException {
        String key = "";
        Object value = null;
        for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
            if (tag == KEY) {
                key = in.readString();
            } else if (tag == VALUE) {
                value = enterValue(depth);
            } else {
                in.skip(tag);
            }
        }
        object.put(key, value);
    }

    private List<@Nullable Object> readList(int depth) throws ProtoException {
        requireDepth(depth);
        List<@Nullable Object> list = new ArrayList<>();
        for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
            if (tag == ELEMENT) {
                list.add(enterValue(depth));
            } else {
                in.skip(tag);
            }
        }
        return list;
    }

    private @Nullable Object enterValue(int depth) throws ProtoException {
        if (!meter.nested()) {
            throw new ProtoException(meter.refusal());
        }
        int outer = in.enter();
        Object value = null;
        for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
            switch (tag) {
                case NULL -> {
                    in.readVarint();
                    value = null;
                }
                case NUMBER -> value = in.readDouble();
                case STRING -> value = in.readString();
                case BOOL -> value = in.readVarint() != 0;
                case STRUCT -> {
                    int inner = in.enter();
                    value = readStruct(depth - 1);
                    in.leave(inner);
                }
                case LIST -> {
                    int inner = in.enter();
                    value = readList(depth - 1);
                    in.leave(inner);
                }
                default -> in.skip(tag);
            }
        }
        in.leave(outer);
        return value;
    }

    private void requireDepth(int left) throws ProtoException {
        if (left == 0) {
            int most = meter.limits().depth();
            throw new ProtoException("nesting of lists and objects: " + (most + 1) + " (expected: <= " + most + ")");
        }
    }
}
