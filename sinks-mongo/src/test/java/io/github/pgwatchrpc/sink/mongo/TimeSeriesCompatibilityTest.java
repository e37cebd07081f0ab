package io.github.pgwatchrpc.sink.mongo;

import io.github.pgwatchrpc.sink.SinkProvider;
import java.io.IOException;

/** Time-series collections, which are the default. */
class TimeSeriesCompatibilityTest extends MongoCompatibilityTest {

    TimeSeriesCompatibilityTest() throws IOException {}

    @Override
    protected SinkProvider provider() {
        return new MongoSinkProvider();
    }

    @Override
    protected String uri() {
        return super.uri() + "&collection=metrics";
    }
}
