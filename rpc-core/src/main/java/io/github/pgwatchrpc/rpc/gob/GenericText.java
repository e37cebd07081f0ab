package io.github.pgwatchrpc.rpc.gob;

import java.lang.reflect.Array;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Generic values for people to read, somewhat as Go prints them: {@code Point{X: 22, Y: 33}}, {@code int16(5)}. */
final class GenericText {

    private final StringBuilder text = new StringBuilder();

    private GenericText() {}

    static String of(@Nullable Object value) {
        GenericText all = new GenericText();
        all.append(value);
        return all.text.toString();
    }

    /** One call for each level: values may be nested deep, and stacks small. */
    private void append(@Nullable Object value) {
        if (value instanceof GobStruct struct) {
            text.append(struct.name()).append('{');
            for (int i = 0; i < struct.size(); i++) {
                separate(i).append(struct.nameAt(i)).append(": ");
                append(struct.valueAt(i));
            }
            text.append('}');
        } else if (value instanceof GobInterface held) {
            text.append(held.name()).append('(');
            append(held.value());
            text.append(')');
        } else if (value instanceof List<?> list) {
            text.append('[');
            for (int i = 0; i < list.size(); i++) {
                separate(i);
                append(list.get(i));
            }
            text.append(']');
        } else if (value instanceof Map<?, ?> map) {
            text.append('{');
            int i = 0;
            for (Map.Entry<?, ?> entry : map.entrySet()) {
                separate(i++);
                append(entry.getKey());
                text.append(": ");
                append(entry.getValue());
            }
            text.append('}');
        } else if (value instanceof byte[] bytes) {
            text.append('(').append(HexFormat.of().formatHex(bytes)).append(')');
        } else if (value != null && value.getClass().isArray()) {
            text.append('[');
            for (int i = 0; i < Array.getLength(value); i++) {
                separate(i);
                append(Array.get(value, i));
            }
            text.append(']');
        } else {
            text.append(value);
        }
    }

    private StringBuilder separate(int index) {
        return index == 0 ? text : text.append(", ");
    }
}
