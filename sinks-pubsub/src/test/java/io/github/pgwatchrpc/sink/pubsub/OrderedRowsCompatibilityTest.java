package io.github.pgwatchrpc.sink.pubsub;

import java.io.IOException;

/** Row messages in order within a database, each compressed. */
class OrderedRowsCompatibilityTest extends PubSubKit {
    OrderedRowsCompatibilityTest() throws IOException {
        super(FakePubSub.start(), "&ordering-key=database&compression=message&batch-messages=5");
    }
}
