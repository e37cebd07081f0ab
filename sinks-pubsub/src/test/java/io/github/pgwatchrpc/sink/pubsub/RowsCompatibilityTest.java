package io.github.pgwatchrpc.sink.pubsub;

import java.io.IOException;

/** Row messages without order, five to a request so that a batch takes several. */
class RowsCompatibilityTest extends PubSubKit {
    RowsCompatibilityTest() throws IOException {
        super(FakePubSub.withPermissions(), "&batch-messages=5");
    }
}
