import { RepeatedNews } from './repeated-news';

it('believes what one source tells twice in a row', () => {
  const news = new RepeatedNews();
  expect([...news.heard('host1', ['a', 'b'])]).toEqual([]);
  expect([...news.heard('host2', ['a'])]).toEqual([]);
  expect([...news.heard('host1', ['b', 'c'])]).toEqual(['b']);
  expect([...news.heard('host1', [])]).toEqual([]);
  expect([...news.heard('host1', ['c'])]).toEqual([]);
});
