#pragma once
int cjpeg_x(void);
