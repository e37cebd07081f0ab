package io.github.pgwatchrpc.measurement;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Takes the keys out of one envelope. Made only when there seems to be one, so it need not be fast. */
final class KeyRemoval {

    private final MeasurementEnvelope from;
    private final EnvelopeBuilder to = new EnvelopeBuilder();
    private boolean found;

    KeyRemoval(MeasurementEnvelope from) {
        this.from = from;
    }

    /** Whether anything in the envelope may be a key; a quick look, which every envelope gets. */
    static boolean isNeeded(MeasurementEnvelope envelope) {
        for (Column each : envelope.columns) {
            if (each.showsKey) {
                return true;
            }
        }
        if (KeyText.find(envelope.heap, 0, envelope.heap.length) >= 0
                || isIn(envelope.database())
                || isIn(envelope.metric())) {
            return true;
        }
        for (Map.Entry<String, String> each : envelope.customTags().entrySet()) {
            if (KeyText.isTag(each.getKey()) || isIn(each.getKey()) || isIn(each.getValue())) {
                return true;
            }
        }
        for (Object each : envelope.nested) {
            if (isIn(each)) {
                return true;
            }
        }
        return false;
    }

    private static boolean isIn(@Nullable Object value) {
        if (value instanceof String text) {
            return text.contains(KeyText.PREFIX);
        } else if (value instanceof byte[] bytes) {
            return KeyText.find(bytes, 0, bytes.length) >= 0;
        } else if (value instanceof List<?> list) {
            for (Object each : list) {
                if (isIn(each)) {
                    return true;
                }
            }
        } else if (value instanceof Map<?, ?> map) {
            for (Map.Entry<?, ?> each : map.entrySet()) {
                String name = (String) each.getKey();
                if (KeyText.isTag(name) || isIn(name) || isIn(each.getValue())) {
                    return true;
                }
            }
        }
        return false;
    }

    /** The envelope without keys; the very same if there was none. */
    MeasurementEnvelope result() {
        to.database(text(from.database())).metric(text(from.metric())).receivedAt(from.receivedAt());
        if (from.hasCustomTags()) {
            to.customTags(Map.of());
        }
        from.customTags().forEach((name, value) -> {
            if (!drop(name)) {
                to.customTag(text(name), text(value));
            }
        });
        for (int row = 0; row < from.size(); row++) {
            copy(from.get(row));
        }
        MeasurementEnvelope clean = to.build();
        return found ? clean : from;
    }

    private void copy(Measurement row) {
        to.beginRow();
        for (int i = 0; i < row.size(); i++) {
            if (drop(row.name(i))) {
                continue;
            }
            int column = to.column(text(row.name(i)));
            ValueType type = row.type(i);
            if (type == ValueType.TEXT || type == ValueType.BYTES) {
                row.readBytes(i, (bytes, offset, length) -> {
                    byte[] value = bytes(bytes, offset, length);
                    if (type == ValueType.TEXT) {
                        to.putText(column, value, 0, value.length);
                    } else {
                        to.putBytes(column, value, 0, value.length);
                    }
                });
            } else {
                to.put(column, value(row.value(i)));
            }
        }
        to.endRow();
    }

    private boolean drop(String name) {
        boolean drop = KeyText.isTag(name);
        found |= drop;
        return drop;
    }

    private String text(String text) {
        String clean = KeyText.mask(text);
        // what is in a key's place is shorter than any key
        found |= clean.length() != text.length();
        return clean;
    }

    private byte[] bytes(byte[] bytes, int offset, int length) {
        byte[] clean = KeyText.mask(bytes, offset, offset + length);
        found |= clean.length != length;
        return clean;
    }

    private @Nullable Object value(@Nullable Object value) {
        if (value instanceof String text) {
            return text(text);
        } else if (value instanceof byte[] bytes) {
            return bytes(bytes, 0, bytes.length);
        } else if (value instanceof List<?> list) {
            List<@Nullable Object> clean = new ArrayList<>(list.size());
            list.forEach(each -> clean.add(value(each)));
            return clean;
        } else if (value instanceof Map<?, ?> map) {
            Map<String, @Nullable Object> clean = new LinkedHashMap<>();
            map.forEach((key, each) -> {
                String name = (String) key;
                if (!drop(name)) {
                    clean.put(text(name), value(each));
                }
            });
            return clean;
        }
        return value;
    }
}
