// All pairs of sources in DuckDB: the same rows in its own format, two threads.
// node sets_duckdb.js ROWS.csv DATABASE ROUNDS -> lines "name<TAB>milliseconds" per round,
// and the answer as "pair<TAB>a<TAB>b<TAB>both".
const { DuckDBInstance } = require('@duckdb/node-api');
const [rows, database, rounds] = process.argv.slice(2);
const queries = {
	join: `SELECT a.source, b.source, count(*) FROM stated a JOIN stated b USING (person_id)
		WHERE a.source < b.source GROUP BY ALL ORDER BY ALL`,
	masks: `WITH mask AS (SELECT person_id, bit_or(1::BIGINT << source) AS sources FROM stated GROUP BY person_id),
		counted AS (SELECT sources, count(*) AS persons FROM mask GROUP BY sources),
		number AS (SELECT DISTINCT source FROM stated)
		SELECT a.source, b.source, sum(c.persons)::BIGINT FROM number a JOIN number b ON a.source < b.source
		JOIN counted c ON (c.sources >> a.source) & (c.sources >> b.source) & 1 = 1 GROUP BY ALL ORDER BY ALL`,
};
(async () => {
	const instance = await DuckDBInstance.create(database, { threads: '2' });
	const connection = await instance.connect();
	await connection.run(`CREATE TABLE stated AS SELECT * FROM read_csv('${rows}', header = false, columns = {'source': 'INTEGER', 'person_id': 'BIGINT'})`);
	await connection.run('CHECKPOINT');
	for (let round = 0; round <= Number(rounds); round++) {
		for (const [name, query] of Object.entries(queries)) {
			const began = process.hrtime.bigint();
			const answer = (await connection.runAndReadAll(query)).getRows();
			const took = Number(process.hrtime.bigint() - began) / 1e6;
			// round 0 warms up
			if (round > 0) console.log(`${name}\t${took.toFixed(1)}`);
			else if (name === 'join') for (const [a, b, both] of answer) console.log(`pair\t${a}\t${b}\t${both}`);
		}
	}
})().catch((error) => { console.error(error.message); process.exit(1); });
