package io.github.pgwatchrpc.sink.splunk;

/**
 * What has to be set up in Splunk for the options that were given. As text it is what an administrator may put into
 * configuration files, with the same as calls of Splunk's management port. Immutable.
 *
 * <p>The settings: the pages of indexes.conf, inputs.conf and props.conf in Splunk's Admin Manual.
 *
 * @param layout says index, source type and mode
 * @param ack whether the token is to have indexer acknowledgement
 */
record Setup(Layout layout, boolean ack) {

    private static final String DEFAULT_INDEX = "pgwatch";

    @Override
    public String toString() {
        boolean metrics = layout.mode() == Layout.Mode.METRICS;
        Template given = layout.index();
        boolean one = layout.hasOneIndex();
        String index = given == null || !one ? DEFAULT_INDEX : Layout.indexName(given.toString());
        StringBuilder text = new StringBuilder();
        text.append("# indexes.conf\n");
        if (!one) {
            text.append("# a stanza like this one for each index that ")
                    .append(given)
                    .append(" makes\n");
        }
        text.append('[').append(index).append("]\n");
        for (String path : new String[] {"homePath   = db", "coldPath   = colddb", "thawedPath = thaweddb"}) {
            int value = path.indexOf('=') + 2;
            text.append(path, 0, value)
                    .append("$SPLUNK_DB/")
                    .append(index)
                    .append('/')
                    .append(path.substring(value))
                    .append('\n');
        }
        if (metrics) {
            text.append("datatype = metric\nmetric.timestampResolution = ms\n");
        }
        text.append("\n# inputs.conf\n[http]\ndisabled = 0\n\n[http://pgwatch-rpc]\ndisabled = 0\n");
        text.append("token = <a new UUID>\nindex = ").append(index).append('\n');
        text.append("indexes = ")
                .append(one ? index : index + ", <all of them>")
                .append('\n');
        text.append("useACK = ").append(ack ? 1 : 0).append('\n');
        if (!metrics) {
            text.append("\n# props.conf: rows are JSON, and long ones are not to be cut\n[source::")
                    .append(layout.source().isConstant() ? layout.source() : "<source>")
                    .append("]\nKV_MODE = json\nTRUNCATE = 0\n");
        }
        text.append("\n# or by the management port\ncurl -u admin https://SPLUNK:8089/services/data/indexes -d name=")
                .append(index)
                .append(metrics ? " -d datatype=metric" : "")
                .append("\ncurl -u admin https://SPLUNK:8089/servicesNS/nobody/splunk_httpinput/data/inputs/http")
                .append(" -d name=pgwatch-rpc -d index=")
                .append(index)
                .append(" -d indexes=")
                .append(index)
                .append(" -d useACK=")
                .append(ack ? 1 : 0)
                .append('\n');
        return text.toString();
    }
}
