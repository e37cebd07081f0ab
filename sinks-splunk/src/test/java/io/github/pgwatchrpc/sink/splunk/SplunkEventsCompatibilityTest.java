package io.github.pgwatchrpc.sink.splunk;

import java.io.IOException;

/** Events, with the defaults. */
class SplunkEventsCompatibilityTest extends HecKit {

    SplunkEventsCompatibilityTest() throws IOException {}
}
