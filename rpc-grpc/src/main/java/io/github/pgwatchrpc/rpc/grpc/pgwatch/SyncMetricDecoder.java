package io.github.pgwatchrpc.rpc.grpc.pgwatch;

import io.github.pgwatchrpc.rpc.grpc.MessageDecoder;
import io.github.pgwatchrpc.rpc.grpc.protobuf.ProtoException;
import io.github.pgwatchrpc.rpc.grpc.protobuf.ProtoReader;
import io.github.pgwatchrpc.rpc.pgwatch.SyncMetric;

/**
 * Reads {@code SyncReq}. Its numbers of operations are not those of net/rpc: 0 invalid, 1 add, 2 delete, 3 define. An empty
 * message is the ping with which pgwatch begins.
 */
final class SyncMetricDecoder implements MessageDecoder<SyncMetric> {

    static final SyncMetric PING = new SyncMetric("", "", SyncMetric.Operation.INVALID);

    private static final int DATABASE = 1 << 3 | 2;
    private static final int METRIC = 2 << 3 | 2;
    private static final int OPERATION = 3 << 3;

    @Override
    public SyncMetric decode(ProtoReader in) throws ProtoException {
        String database = "";
        String metric = "";
        SyncMetric.Operation operation = SyncMetric.Operation.INVALID;
        for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
            switch (tag) {
                case DATABASE -> database = in.readString();
                case METRIC -> metric = in.readString();
                case OPERATION -> operation = operation((int) in.readVarint());
                default -> in.skip(tag);
            }
        }
        return new SyncMetric(database, metric, operation);
    }

    private static SyncMetric.Operation operation(int number) {
        return switch (number) {
            case 1 -> SyncMetric.Operation.ADD;
            case 2 -> SyncMetric.Operation.DELETE;
            case 3 -> SyncMetric.Operation.DEFINE;
            default -> SyncMetric.Operation.INVALID;
        };
    }

    /** The number of an operation on this wire. */
    static int number(SyncMetric.Operation operation) {
        return switch (operation) {
            case INVALID -> 0;
            case ADD -> 1;
            case DELETE -> 2;
            case DEFINE -> 3;
        };
    }
}
