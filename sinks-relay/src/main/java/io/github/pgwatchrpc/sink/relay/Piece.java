package io.github.pgwatchrpc.sink.relay;

import io.github.pgwatchrpc.measurement.EnvelopeBuilder;
import io.github.pgwatchrpc.measurement.Measurement;
import io.github.pgwatchrpc.measurement.MeasurementEnvelope;
import java.util.List;

/**
 * Rows that go in one call.
 *
 * @param source the envelope that they are of
 * @param from number in it of the first
 * @param to number in it of the one after the last
 * @param row number in the batch of the first
 */
record Piece(MeasurementEnvelope source, int from, int to, int row) {

    private static final String TIME = "epoch_ns";

    int size() {
        return to - from;
    }

    /** What is too large for one call; of at least two rows. */
    List<Piece> halves() {
        int middle = from + size() / 2;
        return List.of(new Piece(source, from, middle, row), new Piece(source, middle, to, row + middle - from));
    }

    /**
     * The rows as they are sent. A row without a time of its own has that of its receipt, which the next receiver would
     * put later, hours perhaps; so it is written down.
     */
    MeasurementEnvelope envelope() {
        boolean timed = source.receivedAt() == 0
                || source.rows().subList(from, to).stream().noneMatch(Piece::lacksTime);
        return timed && size() == source.size() ? source : copy();
    }

    private MeasurementEnvelope copy() {
        EnvelopeBuilder builder = new EnvelopeBuilder()
                .database(source.database())
                .metric(source.metric())
                .receivedAt(source.receivedAt());
        if (source.hasCustomTags()) {
            builder.customTags(source.customTags());
        }
        for (Measurement each : source.rows().subList(from, to)) {
            copy(each, builder.beginRow());
            builder.endRow();
        }
        return builder.build();
    }

    private static void copy(Measurement row, EnvelopeBuilder to) {
        boolean lacksTime = row.envelope().receivedAt() != 0 && lacksTime(row);
        if (lacksTime) {
            to.putLong(to.column(TIME), row.envelope().receivedAt());
        }
        for (int column = 0; column < row.size(); column++) {
            if (lacksTime && row.name(column).equals(TIME)) {
                continue;
            }
            int target = to.column(row.name(column));
            switch (row.type(column)) {
                // as it came, also where it is no UTF-8
                case TEXT ->
                    row.readBytes(column, (array, offset, length) -> to.putText(target, array, offset, length));
                case BYTES ->
                    row.readBytes(column, (array, offset, length) -> to.putBytes(target, array, offset, length));
                default -> to.put(target, row.value(column));
            }
        }
    }

    private static boolean lacksTime(Measurement row) {
        int column = row.find(TIME);
        return column < 0
                || switch (row.type(column)) {
                    case NULL -> true;
                    case INT64 -> row.longValue(column) == 0;
                    case DOUBLE -> row.doubleValue(column) == 0;
                    default -> false;
                };
    }
}
