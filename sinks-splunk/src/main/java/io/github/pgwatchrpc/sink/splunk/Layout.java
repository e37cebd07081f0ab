package io.github.pgwatchrpc.sink.splunk;

import io.github.pgwatchrpc.measurement.MeasurementEnvelope;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * How rows are laid out in Splunk, as the options say. Immutable.
 *
 * @param mode events or metrics
 * @param index where events go; null for the token's default index
 * @param source the event's source
 * @param sourcetype the event's source type
 * @param host the event's host
 * @param metricPrefix what names of measurements begin with, in metrics mode
 * @param textAsDimensions whether text that is no tag becomes a dimension, in metrics mode
 */
record Layout(
        Mode mode,
        @Nullable Template index,
        Template source,
        Template sourcetype,
        Template host,
        String metricPrefix,
        boolean textAsDimensions) {

    /** What a row becomes. */
    enum Mode {
        /** A JSON object in an index of events. */
        EVENTS,
        /** A metric event with a measurement for each number, in an index of metrics. */
        METRICS
    }

    /** Lower-case letters, digits, hyphens and underscores, with one of the first two in front. */
    private static final int MAX_INDEX_NAME = 80;

    /**
     * The index of an envelope's rows; empty for the token's default. What a name of an index may not have becomes an
     * underscore: Splunk takes lower-case letters, digits, underscores and hyphens, and the first two of them in front
     * (indexes.conf).
     */
    String indexOf(MeasurementEnvelope envelope) {
        return index == null ? "" : indexName(index.of(envelope));
    }

    static String indexName(String text) {
        String lower = text.toLowerCase(Locale.ROOT);
        StringBuilder name = new StringBuilder(lower.length());
        for (int i = 0; i < lower.length() && name.length() < MAX_INDEX_NAME; i++) {
            char c = lower.charAt(i);
            boolean word = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
            if (word || c == '_' || c == '-') {
                if (word || !name.isEmpty()) {
                    name.append(c);
                }
            } else if (!name.isEmpty()) {
                name.append('_');
            }
        }
        return name.toString();
    }

    /** Whether all rows go to one index. */
    boolean hasOneIndex() {
        return index == null || index.isConstant();
    }
}
