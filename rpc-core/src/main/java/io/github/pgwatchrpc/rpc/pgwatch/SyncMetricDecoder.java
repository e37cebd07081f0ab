package io.github.pgwatchrpc.rpc.pgwatch;

import io.github.pgwatchrpc.rpc.gob.GobException;
import io.github.pgwatchrpc.rpc.gob.GobReader;
import io.github.pgwatchrpc.rpc.gob.GobSkipper;
import io.github.pgwatchrpc.rpc.gob.GobType;
import io.github.pgwatchrpc.rpc.gob.GobTypes;
import io.github.pgwatchrpc.rpc.netrpc.ArgumentDecoder;

/**
 * Reads {@code SyncReq{DbName, MetricName, Operation}}. The operation is text in v3.0 to v3.4 ({@code add}, {@code
 * remove}) and a number from v3.5 on (0 add, 1 delete, 2 invalid); absent, as zero values are, it is 0 of a number.
 */
final class SyncMetricDecoder implements ArgumentDecoder<SyncMetric> {

    private static final String[] FIELDS = {"DbName", "MetricName", "Operation"};

    private final StructPlan plan = new StructPlan(FIELDS);

    @Override
    public SyncMetric decode(GobReader reader, GobTypes types, int type) throws GobException {
        int[] fields = plan.fields(types, type);
        String database = "";
        String metric = "";
        SyncMetric.Operation operation =
                plan.typeOf(2) == GobType.Basic.STRING.id() ? SyncMetric.Operation.INVALID : SyncMetric.Operation.ADD;
        int field = -1;
        for (int delta = plan.readDelta(reader, field); delta != 0; delta = plan.readDelta(reader, field)) {
            field += delta;
            switch (fields[field]) {
                case 0 -> database = plan.readString(reader, 0);
                case 1 -> metric = plan.readString(reader, 1);
                case 2 -> operation = readOperation(reader);
                default -> GobSkipper.skip(reader, types, plan.wireType(field));
            }
        }
        return new SyncMetric(database, metric, operation);
    }

    private SyncMetric.Operation readOperation(GobReader reader) throws GobException {
        int type = plan.typeOf(2);
        if (type == GobType.Basic.STRING.id()) {
            return switch (reader.readString()) {
                case "add" -> SyncMetric.Operation.ADD;
                case "remove", "delete" -> SyncMetric.Operation.DELETE;
                default -> SyncMetric.Operation.INVALID;
            };
        } else if (type == GobType.Basic.INT.id()) {
            long number = reader.readInt();
            return number == 0
                    ? SyncMetric.Operation.ADD
                    : number == 1 ? SyncMetric.Operation.DELETE : SyncMetric.Operation.INVALID;
        }
        throw new GobException("gob: type of field Operation: " + type + " (expected: int or string)");
    }
}
