"""A real Prometheus server watches a mount at work."""

import contextlib
import json
import os
import subprocess
import urllib.parse

import work
from casemate_system import (CHUNK, SystemTestCase, free_port, http_get, main,
                             random_bytes, read, wait_for, write)

# More would make one mount expensive to watch.
SERIES_LIMIT = 1000


class Prometheus:
    """Debian's server, scraping one target every second."""

    def __init__(self, test, target_port):
        self._test = test
        self._port = free_port()
        self._folder = test.new_path("prometheus")
        self._target = f"127.0.0.1:{target_port}"

    def __enter__(self):
        os.mkdir(self._folder)
        config = self._folder + "/prometheus.yml"
        write(config, json.dumps({
            "global": {"scrape_interval": "1s", "scrape_timeout": "1s"},
            "scrape_configs": [{
                "job_name": "casemate",
                "static_configs": [{"targets": [self._target]}],
            }],
        }).encode())
        self._test.run_tool("promtool", "check", "config", config)
        with open(self._folder + "/log", "wb") as log:
            self._process = self._test.popen(
                [f"--config.file={config}",
                 f"--storage.tsdb.path={self._folder}/data",
                 f"--web.listen-address=127.0.0.1:{self._port}"],
                program=self._test.tool("prometheus"), stdout=log, stderr=log)
        wait_for(self._is_ready, "prometheus is ready")
        return self

    def __exit__(self, kind, value, trace):
        self._process.terminate()
        self._process.wait(30)

    def _is_ready(self):
        if self._process.poll() is not None:
            raise AssertionError(read(self._folder + "/log").decode())
        with contextlib.suppress(OSError):
            return http_get(self._url("/-/ready"))[0] == 200
        return False

    def _url(self, path):
        return f"http://127.0.0.1:{self._port}{path}"

    def query(self, expression):
        """The value of an instant query's only series; None without one."""
        status, body = http_get(self._url(
            "/api/v1/query?" + urllib.parse.urlencode({"query": expression})))
        self._test.assertEqual(status, 200, body)
        result = json.loads(body)["data"]["result"]
        self._test.assertLessEqual(len(result), 1, expression)
        return float(result[0]["value"][1]) if result else None


class PrometheusTest(SystemTestCase):
    def ok(self, mount, op):
        return mount.metric("casemate_fuse_ops_total", op=op, result="ok")

    def test_server_sees_the_operations_of_real_work(self):
        with self.mount(self.make_vault(), metrics=True) as mount, \
                Prometheus(self, mount.port) as prometheus:
            wait_for(lambda: prometheus.query("up") == 1, "a first scrape")
            work.copy_tree(self, "/usr/include/linux", mount.path + "/copy")
            work.git_repository(self, mount.path + "/git", 100)
            work.sqlite_database(self, mount.path + "/db", "wal")
            for op in ("lookup", "create", "write", "read", "rename",
                       "unlink", "mkdir", "getattr", "setattr", "open",
                       "release", "flush", "fsync"):
                final = self.ok(mount, op)
                self.assertGreater(final, 0, op)
                expression = ('casemate_fuse_ops_total'
                              f'{{op="{op}",result="ok"}}')
                wait_for(lambda: prometheus.query(expression) == self.ok(
                    mount, op), f"{expression} is what /metrics says")
            self.assertEqual(prometheus.query("up"), 1)
            for direction in ("read", "write"):
                rate = prometheus.query(
                    "sum(increase(casemate_fuse_bytes_total"
                    f'{{direction="{direction}"}}[5m]))')
                self.assertGreater(rate, 0)
            quantile = prometheus.query(
                "histogram_quantile(0.99, sum by (le) "
                "(casemate_fuse_op_duration_seconds_bucket))")
            self.assertGreater(quantile, 0)
            self.assertLess(quantile, 60)
            # Somebody watched during the work, not only after it.
            self.assertGreaterEqual(
                prometheus.query('count_over_time(up[5m])'), 3)

    def test_counters_count_each_operation_once(self):
        with self.mount(self.make_vault(), metrics=True) as mount:
            folder = mount.path + "/folder"
            before = mount.metrics()
            os.mkdir(folder)
            for number in range(50):
                write(f"{folder}/{number}", b"x" * 1000)
            for number in range(0, 50, 2):
                os.unlink(f"{folder}/{number}")
            os.rename(folder + "/1", folder + "/one")
            self.assert_errno(39, os.rmdir, folder)  # ENOTEMPTY
            # Counted once the caller has its answer, so a moment later.
            wait_for(lambda: mount.metrics()[
                'casemate_fuse_errors_total{errno="ENOTEMPTY"}'] == 1,
                "the last operation is counted")
            after = mount.metrics()

        def grown(series):
            self.assertIn(series, after)
            return after[series] - before[series]

        for op, count in (("mkdir", 1), ("create", 50), ("write", 50),
                          ("flush", 50), ("unlink", 25), ("rename", 1)):
            self.assertEqual(count, grown(
                f'casemate_fuse_ops_total{{op="{op}",result="ok"}}'), op)
        self.assertEqual(1, grown(
            'casemate_fuse_ops_total{op="rmdir",result="error"}'))
        self.assertEqual(1, grown(
            'casemate_fuse_errors_total{errno="ENOTEMPTY"}'))
        self.assertEqual(50 * 1000, grown(
            'casemate_fuse_bytes_total{direction="write"}'))
        self.assertEqual(0, grown(
            'casemate_auth_failures_total{object="chunk"}'))

    def test_gauges_go_back_when_files_are_closed(self):
        with self.mount(self.make_vault(), metrics=True) as mount:
            handles = lambda: mount.metric("casemate_open_handles",
                                           kind="file")
            dirty = lambda: mount.metric("casemate_dirty_bytes")
            self.assertEqual(handles(), 0)
            with open(mount.path + "/f", "wb", buffering=0) as file:
                file.write(random_bytes("gauges", 3 * CHUNK))
                self.assertEqual(handles(), 1)
                os.fsync(file.fileno())
                self.assertEqual(dirty(), 0)
            wait_for(lambda: handles() == 0, "the handle is released")

    def test_inodes_are_forgotten_with_their_files(self):
        with self.mount(self.make_vault(), metrics=True) as mount:
            inodes = lambda: mount.metric("casemate_inodes")
            work.copy_tree(self, "/usr/include/linux", mount.path + "/copy")
            self.assertGreater(inodes(), 100)
            self.run_tool("rm", "-r", mount.path + "/copy")
            wait_for(lambda: inodes() == 1, "only the root is known")
            self.assertEqual(
                mount.metric("casemate_forget_underflows_total"), 0)

    def test_promtool_finds_nothing_to_improve_in_the_metrics(self):
        with self.mount(self.make_vault(), metrics=True) as mount:
            work.copy_tree(self, "/usr/include/linux", mount.path + "/copy")
            body = mount.metrics_text()
        file = self.new_path("metrics")
        write(file, body.encode())
        with open(file, "rb") as stdin:
            check = subprocess.run(
                [self.tool("promtool"), "check", "metrics"], stdin=stdin,
                capture_output=True, text=True, timeout=60)
        self.assertEqual((0, "", ""),
                         (check.returncode, check.stdout, check.stderr))
        series = [line for line in body.splitlines()
                  if line and not line.startswith("#")]
        self.assertGreater(len(series), 20)
        self.assertLessEqual(len(series), SERIES_LIMIT)

    def test_metrics_tell_no_names_and_the_daemon_is_healthy(self):
        vault = self.make_vault()
        with self.mount(vault, metrics=True) as mount:
            write(mount.path + "/Wotansgeheimnis", b"Nibelungenhort")
            self.assert_errno(20, os.open,  # ENOTDIR
                              mount.path + "/Wotansgeheimnis/x", os.O_RDONLY)
            url = f"http://127.0.0.1:{mount.port}"
            self.assertEqual(http_get(url + "/healthz")[0], 200)
            self.assertEqual(http_get(url + "/no/such/page")[0], 404)
            body = mount.metrics_text()
            for secret in ("Wotan", "Nibelungen", mount.path, vault.path):
                self.assertNotIn(secret, body)
        with self.assertRaises(OSError):
            http_get(url + "/healthz")

    def test_scrapes_during_work_do_not_disturb_each_other(self):
        with self.mount(self.make_vault(), metrics=True) as mount:
            copy = self.popen(["-a", "/usr/include/linux", mount.path],
                              program=self.tool("cp"))
            last = -1
            while True:
                running = copy.poll() is None
                written = mount.metric("casemate_fuse_bytes_total",
                                       direction="write")
                self.assertGreaterEqual(written, last)
                last = written
                if not running:
                    break
            self.assertEqual(copy.returncode, 0)
            total = sum(os.stat(os.path.join(folder, name)).st_size
                        for folder, _, names in os.walk("/usr/include/linux")
                        for name in names)
            self.assertEqual(last, total)


if __name__ == "__main__":
    main()
