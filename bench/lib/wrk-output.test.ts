import { describe, expect, it } from '@jest/globals';
import { parseWrkOutput } from './wrk-output.ts';

const output = `Running 1s test @ http://127.0.0.1:34567/campaigns/1
  1 threads and 50 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     1.80ms    2.02ms  33.12ms   95.30%
    Req/Sec    31.62k     4.43k   36.10k    80.00%
  Latency Distribution
     50%  250.00us
     75%    1.78ms
     90%    2.61ms
     99%    1.02s 
  34567 requests in 1.10s, 72.11MB read
Requests/sec:  31424.55
Transfer/sec:     65.55MB
`;

describe('the output of wrk', () => {
  it('gives the requests, their rate and the latencies in milliseconds, whatever unit wrk chose', () => {
    expect(parseWrkOutput(output)).toEqual({
      requests: 34567,
      requestsPerSecond: 31424.55,
      p50Ms: 0.25,
      p99Ms: 1020,
      faults: [],
    });
  });

  it('gives the faults that wrk counted', () => {
    const faulty = output.replace(
      'Requests/sec',
      '  Socket errors: connect 0, read 3, write 0, timeout 0\n  Non-2xx or 3xx responses: 12\nRequests/sec',
    );
    expect(parseWrkOutput(faulty).faults).toEqual([
      'Socket errors: connect 0, read 3, write 0, timeout 0',
      'Non-2xx or 3xx responses: 12',
    ]);
  });

  it('is refused when a figure is missing', () => {
    expect(() => parseWrkOutput('unable to connect to 127.0.0.1:34567 Connection refused')).toThrow(/wrk printed/);
    expect(() => parseWrkOutput(output.replace(/^ +99%.*$/m, ''))).toThrow(/99%/);
  });
});
