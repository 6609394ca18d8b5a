import {benchEvictionL2} from './bench/eviction-l2.ts';
const t=Date.now();console.log(await benchEvictionL2(process.argv[2]!=='full'),(Date.now()-t)/1000);
